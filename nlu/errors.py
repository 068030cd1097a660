"""What can be wrong with training data and model files, said so that an officer can mend it."""

from pathlib import Path


class TrainingDataError(ValueError):
    """A training file cannot be read. The message names file and line, in Korean with English behind it."""

    def __init__(self, path: Path, line: int, korean: str, english: str) -> None:
        super().__init__(f"{path}:{line}: {korean} ({english})")
        self.path = path
        self.line = line


class ModelUnreadable(ValueError):
    """The model folder holds no model that this engine can run: missing, damaged, or of another format."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder}: 언어 모델을 읽을 수 없습니다: {reason} (train the model again)")
        self.folder = folder
