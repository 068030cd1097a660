// The few HTTP calls of the page. Each answers with a plain value; "lost" means that the network broke.

/** @typedef {{id: string, from: string, kind: string, text: string, at: string, seq?: number, buttons?: Button[],
 *   ask?: string, purpose?: string, photo?: string, preview?: string, place?: {lat: number, lon: number} | null,
 *   state?: string, why?: string, fetch?: boolean, lang?: string}} Message */
/** @typedef {{label: string, payload: string}} Button */
/** @typedef {{ok: true} | {ok: false, reason: string}} Verdict */

/**
 * @param {string} [also] id of a message that was announced as too long for the live link
 * @returns {Promise<{messages?: Message[], reason?: string}>}
 */
export async function readThread(also) {
  try {
    const query = also ? `?also=${encodeURIComponent(also)}` : "";
    const answer = await fetch(`/chat/thread${query}`, { signal: AbortSignal.timeout(10_000) });
    return answer.ok ? await answer.json() : { reason: await reasonOf(answer) };
  } catch {
    return { reason: "lost" };
  }
}

/**
 * @param {object} frame
 * @returns {Promise<Verdict>}
 */
export async function postFrame(frame) {
  try {
    const answer = await fetch("/chat/messages", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(frame),
      signal: AbortSignal.timeout(15_000),
    });
    return answer.ok ? { ok: true } : { ok: false, reason: await reasonOf(answer) };
  } catch {
    return { ok: false, reason: "lost" };
  }
}

/**
 * @param {Blob} photo
 * @param {(percent: number) => void} progress
 * @returns {Promise<{upload?: string, reason?: string}>}
 */
export function uploadPhoto(photo, progress) {
  return new Promise((resolve) => {
    const form = new FormData();
    form.append("photo", photo, "photo");
    const request = new XMLHttpRequest();
    request.open("POST", "/chat/photos");
    request.timeout = 120_000;
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(Math.round((event.loaded / event.total) * 100));
    };
    request.onload = () => {
      const body = request.response ?? {};
      resolve(request.status === 201 ? { upload: body.upload } : { reason: body.reason ?? "away" });
    };
    request.onerror = request.ontimeout = request.onabort = () => resolve({ reason: "lost" });
    request.send(form);
  });
}

/** @returns {Promise<boolean>} */
export async function forgetSession() {
  try {
    return (await fetch("/chat/session", { method: "DELETE" })).ok;
  } catch {
    return false;
  }
}

/** @param {Response} answer */
async function reasonOf(answer) {
  try {
    return (await answer.json()).reason ?? "away";
  } catch {
    return answer.status === 401 ? "expired" : "away";
  }
}
