"""Chinese names by their sound, so that 王小明 meets Wang Xiaoming."""

from collections.abc import Iterable
from typing import Final

# Family names of two characters that are in use today.
COMPOUND: Final = (
    *("欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容"),
    *("令狐", "夏侯", "长孙", "宇文", "轩辕", "独孤", "端木", "南宫", "西门", "百里", "呼延", "申屠", "太史"),
    *("澹台", "公冶", "宗政", "濮阳", "淳于", "单于", "闻人", "赫连", "拓跋", "钟离", "鲜于", "闾丘", "亓官"),
)


def sounds(names: Iterable[str]) -> list[tuple[str, str]]:
    """(name, its pinyin without tones and blanks) of each name."""
    from pypinyin import Style, lazy_pinyin

    known: dict[str, str] = {}

    def sound(character: str) -> str:
        if character not in known:
            known[character] = "".join(lazy_pinyin(character, style=Style.NORMAL, v_to_u=False))
        return known[character]

    return [(name, "".join(map(sound, name.replace(" ", "")))) for name in names]
