// The browser's position: asked for after a press, put into the form's fields, sent only with the form.

/**
 * @param {(key: string, values?: Record<string, string | number>) => string} say
 * @param {HTMLElement} note
 * @returns {{isKnown: () => boolean}}
 */
export function readPosition(say, note) {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("here"));
  const lat = /** @type {HTMLInputElement} */ (document.getElementById("lat"));
  const lon = /** @type {HTMLInputElement} */ (document.getElementById("lon"));
  if ("geolocation" in navigator && isSecureContext) {
    button.hidden = false;
    /** @type {HTMLElement} */ (document.getElementById("or")).hidden = false;
  }
  button.addEventListener("click", () => {
    note.textContent = say("asking");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        lat.value = String(coords.latitude);
        lon.value = String(coords.longitude);
        button.classList.add("found");
        note.textContent = say("found", { meters: Math.max(1, Math.round(coords.accuracy)) });
      },
      (error) => {
        note.textContent = say(error.code === error.PERMISSION_DENIED ? "denied" : "unknown");
      },
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  });
  return { isKnown: () => lat.value !== "" && lon.value !== "" };
}
