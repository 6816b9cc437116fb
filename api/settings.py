"""Settings of the API, from the environment with the prefix ``SANHUAN_``."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

KIB = 1024
MIB = 1024 * KIB


class Settings(BaseSettings):
    """What may be set; every value has a default for a first run on one machine. Sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="SANHUAN_", frozen=True, extra="ignore")

    database_url: str = "sqlite:///data/sanhuan.db"
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    temporal_ui: str | None = Field(default=None, description="address of the Temporal UI, for links to a case's run")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)

    metrics_host: str = "127.0.0.1"
    api_metrics_port: int = Field(
        default=0, ge=0, le=65535, description="where Prometheus finds the figures; 0: nowhere"
    )

    session_hours: float = Field(default=12, gt=0)
    cookie_secure: bool = False
    sign_in_rate_per_s: float = Field(default=5, gt=0, description="attempts of one address to sign in, on average")
    sign_in_burst: float = Field(default=1000, ge=1, description="a whole office behind one address, in the morning")
    sign_in_window_s: float = Field(default=300, gt=0)
    sign_in_failures: int = Field(default=10, ge=1, description="of one account from one address in a window")
    ip_sign_in_failures: int = Field(default=200, ge=1, description="of one address, whatever the account")
    account_sign_in_failures: int = Field(default=50, ge=1, description="of one account, over all API processes")

    body_limit: int = Field(default=256 * KIB, ge=KIB)
    document_limit: int = Field(default=10 * MIB, ge=KIB)
    documents_most: int = Field(default=200, ge=1, description="files that one process holds")
    documents_daily: int = Field(
        default=5120 * MIB, ge=KIB, description="bytes of files that one account or unit hands in in a day"
    )
    body_timeout_s: float = Field(default=30, gt=0)
    json_depth: int = Field(default=16, ge=2)

    rate_per_s: float = Field(default=200, gt=0, description="requests of one account or unit, on average")
    rate_burst: float = Field(default=1000, ge=1)
    ip_rate_per_s: float = Field(default=50, gt=0, description="requests of one address that are not signed in")
    ip_rate_burst: float = Field(default=500, ge=1)

    intake_rate_per_s: float = Field(default=5, gt=0, description="registrations of one account, on average")
    intake_burst: float = Field(default=5000, ge=1)
    ip_intake_rate_per_s: float = Field(default=20, gt=0, description="registrations from one address, on average")
    ip_intake_burst: float = Field(default=20_000, ge=1)

    trouble_after_s: float = Field(
        default=60, gt=0, description="how long a thing may be overdue before operators see it"
    )
    engine_timeout_s: float = Field(default=5, gt=0)
    threads: int = Field(default=16, ge=1, description="threads that talk to the database, and its connections")
