"""What can be wrong with training data and model files, said so that an officer can mend it."""

from pathlib import Path

from core.errors import SinmungoError


class TrainingDataError(SinmungoError):
    """A training file cannot be read. The message names file and line, in Korean with English behind it."""

    status = 422
    code = "training_data"

    def __init__(self, path: Path, line: int, korean: str, english: str) -> None:
        super().__init__(f"{path}:{line}: {korean}", english, path=str(path), line=line)
        self.path = path
        self.line = line


class ModelUnreadable(SinmungoError):
    """The model folder holds no model that this engine can run: missing, damaged, or of another format."""

    status = 503
    code = "model_unreadable"

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"{folder}: 언어 모델을 읽을 수 없습니다: {reason}", "train the model again", folder=str(folder)
        )
        self.folder = folder
