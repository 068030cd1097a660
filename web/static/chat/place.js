// The citizen's position, asked for only after a press and sent only once.

import { say } from "./words.js";

/**
 * @param {(text: string) => void} note tells the citizen what goes on
 * @returns {Promise<{lat: number, lon: number, accuracy: number} | null>}
 */
export function whereAmI(note) {
  if (!("geolocation" in navigator)) {
    note(say("place_unsupported"));
    return Promise.resolve(null);
  }
  note(say("place_asking"));
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        note("");
        resolve({ lat: coords.latitude, lon: coords.longitude, accuracy: Math.round(coords.accuracy) });
      },
      (error) => {
        note(say(error.code === error.PERMISSION_DENIED ? "place_denied" : "place_failed"));
        resolve(null);
      },
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  });
}
