"""A small OpenID Connect provider on loopback: a page on which one chooses who one is, codes with PKCE, signed tokens, sign-out.

python identity.py PORT
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import sys
import time
from html import escape
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwk, jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

PEOPLE = ("viewer", "association", "analyst", "steward", "unlisted", "unverified", "old", "hostile")
HOSTILE = "![x](http://evil.example/a.png)<img src=x onerror=pwned=1>@evil.example"
CLIENT, SECRET = "planwatch-tests", "a secret of the tests"

KEY = jwk.RSAKey.generate_key(2048, parameters={"kid": "tests", "use": "sig", "alg": "RS256"})
ISSUER = f"http://localhost:{sys.argv[1]}" if len(sys.argv) > 1 else ""
CODES: dict[str, dict[str, str]] = {}


async def configuration(request: Request) -> Response:
    places = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "jwks", "end_session_endpoint": "leave"}
    return JSONResponse(
        {
            "issuer": ISSUER,
            **{name: f"{ISSUER}/{place}" for name, place in places.items()},
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email"],
            "code_challenge_methods_supported": ["S256"],
        }
    )


async def choose(request: Request) -> Response:
    """The page of the provider: one link for each person it knows."""
    asked = dict(request.query_params)
    links = (f'<li><a href="/as?{escape(urlencode({**asked, "person": one}))}">{one}</a></li>' for one in PEOPLE)
    return HTMLResponse(f"<title>Provider</title><h1>Who are you?</h1><ul>{''.join(links)}</ul>")


async def chosen(request: Request) -> Response:
    asked, code = request.query_params, secrets.token_urlsafe(16)
    CODES[code] = {name: asked[name] for name in ("nonce", "client_id", "code_challenge", "person", "redirect_uri")}
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)


async def token(request: Request) -> Response:
    form = await request.form()
    known = CODES.pop(str(form["code"]), None)
    given = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    verifier = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
    challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
    authorised = request.headers.get("authorization") == f"Basic {given}"
    if known is None or not authorised or challenge != known["code_challenge"] or form["redirect_uri"] != known["redirect_uri"]:
        return JSONResponse({"error": "invalid_grant"}, 400)
    person, now = known["person"], int(time.time())
    claims: dict[str, Any] = {"iss": ISSUER, "sub": f"sub-{person}", "aud": known["client_id"], "nonce": known["nonce"]}
    claims |= {"iat": now - (13 * 3600 if person == "old" else 0), "exp": now + 3600}
    # whoever is not verified claims the address of somebody who is listed
    email = {"unverified": "steward@example.cn", "hostile": HOSTILE}.get(person, f"{person}@example.cn")
    claims |= {"email": email, "email_verified": person != "unverified", "name": person}
    signed = jwt.encode({"alg": "RS256", "kid": "tests"}, claims, KEY)
    return JSONResponse(
        {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "expires_in": 3600, "id_token": signed}
    )


async def keys(request: Request) -> Response:
    return JSONResponse({"keys": [KEY.as_dict(private=False)]})


async def leave(request: Request) -> Response:
    return RedirectResponse(request.query_params.get("post_logout_redirect_uri", "/jwks"), 302)


app = Starlette(
    routes=[
        Route("/.well-known/openid-configuration", configuration),
        Route("/auth", choose),
        Route("/as", chosen),
        Route("/token", token, methods=["POST"]),
        Route("/jwks", keys),
        Route("/leave", leave),
        Route("/favicon.ico", lambda request: Response(status_code=204)),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
