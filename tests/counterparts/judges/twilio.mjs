// Twilio's own Node SDK: does it take this signature, and what would it have made itself?
import { readFileSync } from "node:fs";
import twilio from "twilio";
import webhooks from "twilio/lib/webhooks/webhooks.js";

const asked = JSON.parse(readFileSync(0, "utf8"));
const told = asked.map(({ token, url, fields, signature }) => ({
  takes: twilio.validateRequest(token, signature, url, fields),
  makes: webhooks.getExpectedTwilioSignature(token, url, fields),
}));
console.log(JSON.stringify(told));
