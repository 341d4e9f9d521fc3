"""Another replica reads the source under the same number."""

import time

from tests.migrator.proof.conftest import MakeRoad
from tests.migrator.proof.harness import Road
from tests.migrator.proof.program import Program
from tests.migrator.proof.servers import Servers

SAME_ID = {"MIGRATOR_SERVER_ID": "4242"}
NOTICE_S = 20


def beside_another(road: Road) -> Program:
    """A second migration of the same source, under the same number."""
    other = road.program("capture", "other")
    other.environment = {
        **other.environment,
        "MIGRATOR_NAME": f"{road.source.database}_other",
        "MIGRATOR_STATE_DATABASE": "_migrator_other",
        "MIGRATOR_MAPPING": f"{road.source.database}={road.source.database}_other",
    }
    other.start()
    return other


def test_mariadb_throws_one_of_them_out_and_that_is_reported(
    make_road: MakeRoad, every_server: dict[str, Servers]
) -> None:
    road = make_road(every_server["mariadb"], seed=71, settings=SAME_ID)
    road.start()
    road.begin(0.3)
    other = beside_another(road)
    try:
        deadline = time.monotonic() + NOTICE_S
        while "server_id" not in (told := road.capture.tail() + other.tail()):
            assert time.monotonic() < deadline, told
            time.sleep(0.2)
    finally:
        other.kill()

    # The first one may have been thrown out, too; it then ended with the same report.
    road.verify(restart=True)
