"""What lies in the journal, as the sink sees it."""

from pathlib import Path

from collector.waiting import ENOUGH, LOOK_EVERY, Waiting


def put(folder: Path, number: int, suffix: str = ".sealed") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"1795298592515-{number:08d}{suffix}"
    path.touch()
    return path


def test_the_oldest_comes_first_whoever_wrote_it(tmp_path: Path) -> None:
    paths = [put(tmp_path / f"w{number % 2}", number) for number in range(6)]
    put(tmp_path / "w0", 6, ".open")
    waiting = Waiting(tmp_path, lambda: 0.0)
    waiting.look()
    assert list(waiting.by_age()) == paths
    assert waiting.sealed == 6


def test_where_many_wait_the_folders_are_read_once_a_second(tmp_path: Path) -> None:
    time = [0.0]
    for number in range(ENOUGH + 1):
        put(tmp_path / "w0", number)
    waiting = Waiting(tmp_path, lambda: time[-1])
    waiting.look()
    late = put(tmp_path / "w0", ENOUGH + 1)
    waiting.look()
    assert waiting.sealed == ENOUGH + 1
    time.append(LOOK_EVERY)
    waiting.look()
    assert list(waiting.by_age())[-1] == late


def test_what_is_published_is_forgotten_and_the_next_look_comes_when_little_is_left(tmp_path: Path) -> None:
    for number in range(ENOUGH + 1):
        put(tmp_path / "w0", number).with_suffix(".sealed")
    waiting = Waiting(tmp_path, lambda: 0.0)
    waiting.look()
    [of_worker] = waiting.workers()
    for path in of_worker[:10]:
        path.unlink()
    waiting.done(of_worker, 10)
    assert waiting.sealed == ENOUGH - 9
    put(tmp_path / "w0", ENOUGH + 1)
    waiting.look()
    assert waiting.sealed == ENOUGH - 8
