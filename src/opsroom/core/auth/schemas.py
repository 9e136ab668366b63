"""What crosses the boundary at sign-in."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

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


class Myself(BaseModel):
    username: str
    permissions: list[str]
