"""Settings of a worker, from the environment (prefix ``SANHUAN_``)."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkerSettings(BaseSettings):
    """All settings have defaults that suit one machine. Times are in seconds."""

    model_config = SettingsConfigDict(env_prefix="SANHUAN_", extra="ignore")

    database_url: str = "sqlite:///data/sanhuan.db"
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    """Where the worker's own figures are served (0: nowhere); the SDK's are on ``sdk_metrics_port``."""
    sdk_metrics_port: int = 0
    health_file: Path | None = None
    sandbox: bool = False
    """Run workflow code in the SDK's sandbox. Tests do; production does not (architecture 1.2: half the rate)."""
    cached_workflows: int = 2000
    threads: int = 16
    schedules: bool = True
    """Make the city's Temporal Schedules at the start."""
    relay: bool = True
    relay_every: float = 30.0
    relay_after: float = 60.0
    """How long an effect or a timer may be overdue before the relay looks at it."""
    relay_anew_after: float = 600.0
    """How long a process may hang although the relay nudges it, before its run is ended and begun anew from the journal."""
    timer_spread: float = 180.0
    """Over how long the timers of limits that count days ring, each process at its own moment; 0 rings them all at once, and people
    wait behind them. Deadlines stay what they are (:func:`domain.kernel.wakes_at`)."""
    deliver_after: float = 8.0
    """How long a stored decision or request may wait before the relay takes it to the engine."""
