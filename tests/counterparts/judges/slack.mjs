// Slack's own Node SDK (Bolt): does it take these headers over this body at this time? And ones made by Node's crypto.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import bolt from "@slack/bolt";

const asked = JSON.parse(readFileSync(0, "utf8"));
const told = asked.map(({ secret, body, stamp, signature, now }) => {
  const takes = (proof) =>
    bolt.isValidSlackRequest({
      signingSecret: secret,
      body,
      headers: { "x-slack-signature": proof, "x-slack-request-timestamp": Number(stamp) },
      nowMilliseconds: now * 1000,
    });
  const makes = "v0=" + createHmac("sha256", secret).update(`v0:${stamp}:${body}`).digest("hex");
  return { takes: takes(signature), takesOwn: takes(makes), makes };
});
console.log(JSON.stringify(told));
