#!/usr/bin/env python3
"""Plays a provider with nothing of ours: only the standard library, so that it proves our own signer right.

    send.py PROVIDER URL SECRET_FILE BODY_FILE...

Prints one line for each body: the status, a space, the file. Exit code 0 if every answer is 200. Without arguments it
checks its own signatures against published ones; the end-to-end tests run it against the gateway.
Sources: Wazapin docs, webhook signature examples, 2026-08; waping.app/docs/webhooks, 2026-04; Wawp docs, webhooks
overview, 2026-07.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


def standard(secret, message_id, seconds, body):
    """Standard Webhooks: HMAC-SHA256 over id, time and body, with the decoded key."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def over_body(secret, body):
    """HMAC-SHA256 over the body, in hex; the key is the text of the secret."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def wazapin(secret, url, body, number):
    message_id, seconds = f"msg_python_{number}", int(time.time())
    return url, {
        "svix-id": message_id,
        "svix-timestamp": str(seconds),
        "svix-signature": standard(secret, message_id, seconds, body),
    }


def waping(secret, url, body, number):
    return url, {"X-Wap-Signature": over_body(secret, body)}


def meta(secret, url, body, number):
    return url, {"X-Hub-Signature-256": "sha256=" + over_body(secret, body)}


def generic(secret, url, body, number):
    """As it is without any setting."""
    return url, {"X-Signature": over_body(secret, body)}


def wawp(secret, url, body, number):
    """A token in the query."""
    query = urllib.parse.urlencode({"secret": secret})
    return f"{url}?{query}", {"X-Webhook-Request-Id": f"python{number}"}


def send(url, headers, body):
    headers = {"Content-Type": "application/json", "User-Agent": "send.py", **headers}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    # A proxy of the environment is not asked: the server under test is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            text = answer.read()
            if json.loads(text) != {"received": True}:
                raise SystemExit(f"not the promised answer: {text!r}")
            return answer.status
    except urllib.error.HTTPError as refusal:
        return refusal.code


def check():
    """The vector of the Standard Webhooks libraries, and the one of WAHA's events page (2026-07) taken with SHA-256."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signature = standard(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature
    signature = over_body("my-secret-key", b'{"event":"message","session":"default","engine":"WEBJS"}')
    assert signature == "46270e6ad829217a54d67026afb4ef20e76d3a4ea36d64b140834b5fb3e8b83a", signature
    print("signs as published")
    return 0


def main():
    if len(sys.argv) == 1:
        return check()
    if len(sys.argv) < 5:
        raise SystemExit(__doc__)
    provider, url, secret_file, *files = sys.argv[1:]
    sign = {"generic": generic, "meta": meta, "wazapin": wazapin, "waping": waping, "wawp": wawp}[provider]
    with open(secret_file, encoding="utf-8") as file:
        secret = file.read().strip()
    good = True
    for number, name in enumerate(files):
        with open(name, "rb") as file:
            body = file.read()
        status = send(*sign(secret, url, body, number), body)
        good = good and status == 200
        print(status, name)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
