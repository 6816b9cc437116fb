"""Run the API: ``python -m api``. Settings come from the environment (:mod:`api.settings`)."""

import gc

if __name__ == "__main__":
    # What is loaded stays: to look through it for garbage again and again would take a fifth of the start.
    gc.disable()

import uvicorn

from api.app import create_app
from api.engine import TemporalEngine
from api.settings import Settings
from storage.reticence import log_reticently
from storage.unit_of_work import Database


def main() -> None:
    """Serve until interrupted."""
    log_reticently()
    settings = Settings()
    database = Database(settings.database_url, pool_size=settings.threads + 2)
    engine = TemporalEngine(settings.temporal_address, settings.temporal_namespace, settings.engine_timeout_s)
    app = create_app(settings, database, engine)
    if settings.api_metrics_port:
        app.state.services.metrics.serve(settings.metrics_host, settings.api_metrics_port)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,  # its own would print tracebacks with their messages
        server_header=False,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    main()
