"""The code of a sign-up that waits, and how it is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.internal.flows.email_verification_by_code import (
    EmailVerificationProcess,
)

from accounts.policy import pace, sign_up

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.policy.sign_up import Waiting


class SignUpProcess(EmailVerificationProcess):
    """allauth's; its own sends nothing again to an address that has an account."""

    def __init__(self, request: HttpRequest, state: dict, waiting: Waiting) -> None:
        super().__init__(request=request, state=state)
        self.waiting = waiting

    @classmethod
    def of(cls, request: HttpRequest) -> SignUpProcess | None:
        """That of this session, if a sign-up waits in it."""
        process = EmailVerificationProcess.resume(request)
        if process is None or "user_id" in process.state:
            return None
        waiting = sign_up.waiting_for(request, process.email)
        return cls(request, process.state, waiting) if waiting else None

    def resend(self) -> None:
        """The same email again, with a new code. Raises ImmediateHttpResponse."""
        pace.hold(self.request)
        self.generate_code()
        self.send()
        self.record_resend()
        self.persist()
