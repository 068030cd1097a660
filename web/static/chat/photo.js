// Choosing, looking at and uploading one photo. Large ones are made smaller here, to spare the citizen's data plan.

import { uploadPhoto } from "./api.js";
import { byId } from "./dom.js";
import { say } from "./words.js";

const MOST_BYTES = 10 * 1024 * 1024;
const SHRINK_BYTES = 3 * 1024 * 1024;
const MOST_SIDE = 2560;
const KINDS = ["image/jpeg", "image/png", "image/webp"];

export class PhotoPicker {
  /** @param {(upload: string, preview: string) => void} done */
  constructor(done) {
    this.done = done;
    this.file = byId("file");
    this.panel = byId("preview");
    this.image = byId("preview-image");
    this.note = byId("preview-note");
    this.bar = byId("preview-bar");
    this.sendButton = byId("preview-send");
    /** @type {File | null} */ this.chosen = null;
    this.isBusy = false;
    this.file.addEventListener("change", () => this.choose(this.file.files[0]));
    this.sendButton.addEventListener("click", () => this.send());
    byId("preview-cancel").addEventListener("click", () => this.close());
  }

  open() {
    this.file.value = "";
    this.file.click();
  }

  /** @param {File | undefined} file */
  choose(file) {
    if (!file || this.isBusy) return;
    this.chosen = file;
    this.bar.hidden = true;
    const isPicture = KINDS.includes(file.type);
    this.image.hidden = !isPicture;
    if (isPicture) this.image.src = URL.createObjectURL(file);
    this.sendButton.disabled = !isPicture;
    this.note.textContent = isPicture ? "" : say("photo_not_a_picture");
    this.panel.hidden = false;
    (isPicture ? this.sendButton : byId("preview-cancel")).focus();
  }

  async send() {
    if (!this.chosen || this.isBusy) return;
    this.isBusy = this.sendButton.disabled = true;
    const photo = await smaller(this.chosen);
    const answer = photo.size > MOST_BYTES ? { reason: "too_long" } : await this.upload(photo);
    this.isBusy = this.sendButton.disabled = false;
    this.bar.hidden = true;
    if (answer.upload && this.chosen) {
      this.done(answer.upload, this.image.src);
      this.close();
      return;
    }
    const key = { too_long: "photo_too_large", not_a_picture: "photo_not_a_picture", expired: "expired" };
    this.note.textContent = say(key[answer.reason] ?? "photo_failed");
  }

  /** @param {Blob} photo @returns {Promise<{upload?: string, reason?: string}>} */
  upload(photo) {
    this.bar.hidden = false;
    const show = (/** @type {number} */ percent) => {
      this.bar.value = percent;
      this.note.textContent = say("photo_progress", { percent });
    };
    show(0);
    return uploadPhoto(photo, show);
  }

  close() {
    this.chosen = null;
    this.panel.hidden = true;
    this.note.textContent = "";
    byId("text").focus();
  }
}

/** @param {File} file @returns {Promise<Blob>} */
async function smaller(file) {
  if (file.size <= SHRINK_BYTES) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, MOST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.88));
    return made && made.size < file.size ? made : file;
  } catch {
    return file;
  }
}
