"""The WSGI application that granian serves."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from authsite.env import use_settings

use_settings()
application = get_wsgi_application()
