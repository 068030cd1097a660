// One post of the form, with its progress. Null: it was taken; else why not, in the citizen's words, or "" for no line.

/**
 * @param {string} address
 * @param {FormData} fields
 * @param {(percent: number) => void} progress
 * @returns {Promise<string | null>}
 */
export function post(address, fields, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.timeout = 180_000;
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(Math.round((event.loaded / event.total) * 100));
    };
    request.onload = () => {
      const said = request.response ?? {};
      const title = document.documentElement.lang === "en" ? said.title_en : said.title;
      resolve(request.status === 201 ? null : String(said.sentence ?? title ?? ""));
    };
    request.onerror = request.ontimeout = request.onabort = () => resolve("");
    request.send(fields);
  });
}
