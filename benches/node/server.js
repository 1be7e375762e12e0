// The handler that most teams write: the raw body is checked, the id looked up, the JSON parsed.
const express = require("express");
const { Webhook } = require("svix");

const [secret, path] = process.argv.slice(2);
const webhook = new Webhook(secret);
const seen = new Set();
let handled = 0;
const app = express();

app.post(path, express.raw({ type: "application/json" }), (request, response) => {
  let event;
  try {
    event = webhook.verify(request.body, request.headers);
  } catch {
    return response.sendStatus(401);
  }
  const id = request.headers["svix-id"];
  if (!seen.has(id)) {
    seen.add(id);
    globalThis.last = event;
    handled += 1;
  }
  response.sendStatus(200);
});

// How often the work was done.
app.get("/handled", (request, response) => response.send(String(handled)));

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
