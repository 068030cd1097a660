// Chosen photos: at most so many, each shown with a button that takes it out, large ones made smaller before they go.

const SHRINK_BYTES = 3 * 1024 * 1024;
const MOST_SIDE = 2560;
const KINDS = ["image/jpeg", "image/png", "image/webp"];

export class Photos {
  /**
   * @param {(key: string, values?: Record<string, string | number>) => string} say
   * @param {number} most
   * @param {number} mostBytes
   * @param {HTMLElement} note
   */
  constructor(say, most, mostBytes, note) {
    this.say = say;
    this.most = most;
    this.mostBytes = mostBytes;
    this.note = note;
    /** @type {{file: File, url: string}[]} */ this.files = [];
    this.input = /** @type {HTMLInputElement} */ (document.getElementById("photos"));
    this.list = /** @type {HTMLElement} */ (document.getElementById("chosen"));
    this.pick = /** @type {HTMLElement} */ (document.getElementById("pick"));
    this.pick.classList.add("live");
    this.input.addEventListener("change", () => this.add([...(this.input.files ?? [])]));
    this.add([...(this.input.files ?? [])]);
  }

  get count() {
    return this.files.length;
  }

  /** @param {File[]} given */
  add(given) {
    this.input.value = "";
    if (!given.length) return;
    const pictures = given.filter((file) => KINDS.includes(file.type));
    const room = pictures.slice(0, this.most - this.count);
    this.files.push(...room.map((file) => ({ file, url: URL.createObjectURL(file) })));
    const left = [
      pictures.length < given.length ? this.say("not_a_picture") : "",
      room.length < pictures.length ? this.say("too_many", { most: this.most }) : "",
    ];
    this.show([this.say("count", { count: this.count }), ...left].filter(Boolean).join(" "));
  }

  /** @param {number} index */
  remove(index) {
    const [gone] = this.files.splice(index, 1);
    if (gone) URL.revokeObjectURL(gone.url);
    this.show(this.say("removed", { count: this.count }));
    const next = this.list.querySelectorAll("button")[Math.min(index, this.count - 1)] ?? this.input;
    next.focus();
  }

  /** @param {string} told */
  show(told) {
    this.note.textContent = told;
    this.list.hidden = !this.count;
    this.pick.classList.toggle("full", this.count >= this.most);
    this.list.replaceChildren(...this.files.map((one, index) => this.item(one.url, index)));
  }

  /** @param {string} url @param {number} index */
  item(url, index) {
    const image = document.createElement("img");
    image.src = url;
    image.alt = this.say("chosen", { count: index + 1 });
    const cross = document.createElement("span");
    cross.setAttribute("aria-hidden", "true");
    cross.textContent = "×";
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", this.say("remove", { count: index + 1 }));
    button.append(cross);
    button.addEventListener("click", () => this.remove(index));
    const item = document.createElement("li");
    item.append(image, button);
    return item;
  }

  /** @returns {Promise<FormData | string>} the fields, or why they cannot be sent */
  async fields() {
    const fields = new FormData();
    for (const { file } of this.files) {
      const photo = await smaller(file);
      if (photo.size > this.mostBytes) return this.say("too_large");
      fields.append("photo", photo, "photo");
    }
    return fields;
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
