"""What crosses the boundary at sign-in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from opsroom.core.auth.models import Role
from opsroom.core.auth.passwords import MINIMUM_LENGTH


class TokenPair(BaseModel):
    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105  the scheme's name
    expires_in: int = Field(description="seconds until the access token expires")


class RefreshRequest(BaseModel):
    refresh_token: str


class PasswordChange(BaseModel):
    current_password: str
    new_password: str = Field(min_length=MINIMUM_LENGTH, max_length=1000)


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str
    email: str | None
    role: Role
    is_active: bool
    is_superuser: bool
    grants: list[str] = Field(description="permissions of this person beside those of the role")
    must_change_password: bool = Field(description="nothing else may be done before")
    password_changed_at: datetime
    locked_until: datetime | None = Field(description="too many wrong passwords: none is taken until then")
    last_login: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class UserCreate(BaseModel):
    username: str = Field(min_length=1, max_length=150, pattern=r"^[A-Za-z0-9._@+-]+$", examples=["wanjiru"])
    email: str | None = Field(None, max_length=254, examples=["wanjiru@example.org"])
    password: str = Field(min_length=MINIMUM_LENGTH, max_length=1000)
    role: Role = Role.USER
    is_active: bool = True
    must_change_password: bool | None = Field(
        None, description="at the next sign-in; by default after somebody else replaced the password"
    )


class NewPassword(BaseModel):
    username: str
    password: str = Field(description="shown this once; the person has to choose another at the next sign-in")


class GrantAsked(BaseModel):
    permission: str = Field(max_length=100, examples=["quality.lots.release"])


class ApiKeyRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    user_id: UUID
    name: str
    hint: str = Field(description="how the key begins")
    scopes: list[str]
    expires_at: datetime
    last_used_at: datetime | None = Field(description="to about a minute")
    revoked_at: datetime | None
    revoked_reason: str | None
    created_at: datetime
    updated_at: datetime
    version: int


class ApiKeyAsked(BaseModel):
    name: str = Field(pattern=r"^[^\r\n\x00]+$", max_length=100, examples=["nightly import"])
    scopes: list[Annotated[str, StringConstraints(max_length=100)]] = Field(
        min_length=1, max_length=200, examples=[["stores.stores.read"]], description="permissions of yours"
    )
    days: int = Field(90, ge=1, le=3660, description="until it expires")


class ApiKeyCreated(ApiKeyRead):
    secret: str = Field(description="shown this once: `Authorization: Bearer opsroom_…`")


class Myself(BaseModel):
    username: str
    permissions: list[str]
