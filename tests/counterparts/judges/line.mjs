// LINE's own Node SDK: does it take this signature over these bytes (base64)? And one made by Node's own crypto.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { validateSignature } from "@line/bot-sdk";

const asked = JSON.parse(readFileSync(0, "utf8"));
const told = asked.map(({ secret, body, signature }) => {
  const bytes = Buffer.from(body, "base64");
  const makes = createHmac("sha256", secret).update(bytes).digest("base64");
  if (!validateSignature(bytes, secret, makes)) throw new Error("the SDK does not take Node's own");
  return { takes: validateSignature(bytes, secret, signature), makes };
});
console.log(JSON.stringify(told));
