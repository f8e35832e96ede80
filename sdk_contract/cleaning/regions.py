"""Chinese regions: the many ways to write one -> its short Chinese name.

Provincial units are known by name (Chinese, traditional, English, pinyin), by ISO 3166-2 (`CN-GD`) and by
GB/T 2260 (`440000`); cities by the rule that 市 after a name says nothing; autonomous prefectures,
prefectures and leagues by name. Regions of other countries stay as they are.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# GB/T 2260 (first two digits), ISO 3166-2 letters, short name, full name, other names
_PROVINCES: Final = """\
11 BJ 北京 北京市 Beijing|Peking
12 TJ 天津 天津市 Tianjin
13 HE 河北 河北省 Hebei
14 SX 山西 山西省 Shanxi
15 NM 内蒙古 内蒙古自治区 Inner Mongolia|Nei Mongol|Neimenggu|內蒙古|內蒙古自治區
21 LN 辽宁 辽宁省 Liaoning|遼寧
22 JL 吉林 吉林省 Jilin
23 HL 黑龙江 黑龙江省 Heilongjiang|黑龍江
31 SH 上海 上海市 Shanghai
32 JS 江苏 江苏省 Jiangsu|江蘇
33 ZJ 浙江 浙江省 Zhejiang
34 AH 安徽 安徽省 Anhui
35 FJ 福建 福建省 Fujian
36 JX 江西 江西省 Jiangxi
37 SD 山东 山东省 Shandong|山東
41 HA 河南 河南省 Henan
42 HB 湖北 湖北省 Hubei
43 HN 湖南 湖南省 Hunan
44 GD 广东 广东省 Guangdong|Canton Province|廣東
45 GX 广西 广西壮族自治区 Guangxi|廣西|Guangxi Zhuang
46 HI 海南 海南省 Hainan
50 CQ 重庆 重庆市 Chongqing|Chungking|重慶
51 SC 四川 四川省 Sichuan|Szechuan
52 GZ 贵州 贵州省 Guizhou|貴州
53 YN 云南 云南省 Yunnan|雲南
54 XZ 西藏 西藏自治区 Tibet|Xizang
61 SN 陕西 陕西省 Shaanxi|陝西
62 GS 甘肃 甘肃省 Gansu|甘肅
63 QH 青海 青海省 Qinghai
64 NX 宁夏 宁夏回族自治区 Ningxia|寧夏|Ningxia Hui
65 XJ 新疆 新疆维吾尔自治区 Xinjiang|Xinjiang Uygur|Xinjiang Uyghur
71 TW 台湾 台湾省 Taiwan|臺灣|台灣
81 HK 香港 香港特别行政区 Hong Kong|Hongkong|Hong Kong SAR|香港特別行政區|Xianggang
82 MO 澳门 澳门特别行政区 Macau|Macao|Macao SAR|Macau SAR|澳門|澳門特別行政區|Aomen
"""
# Autonomous prefectures, prefectures and leagues: short name, full name. 海南藏族自治州 keeps its full name,
# since 海南 is the province.
_PREFECTURES: Final = """\
延边 延边朝鲜族自治州
恩施 恩施土家族苗族自治州
湘西 湘西土家族苗族自治州
阿坝 阿坝藏族羌族自治州
甘孜 甘孜藏族自治州
凉山 凉山彝族自治州
黔东南 黔东南苗族侗族自治州
黔南 黔南布依族苗族自治州
黔西南 黔西南布依族苗族自治州
西双版纳 西双版纳傣族自治州
文山 文山壮族苗族自治州
红河 红河哈尼族彝族自治州
德宏 德宏傣族景颇族自治州
怒江 怒江傈僳族自治州
迪庆 迪庆藏族自治州
大理 大理白族自治州
楚雄 楚雄彝族自治州
临夏 临夏回族自治州
甘南 甘南藏族自治州
海北 海北藏族自治州
海西 海西蒙古族藏族自治州
黄南 黄南藏族自治州
果洛 果洛藏族自治州
玉树 玉树藏族自治州
伊犁 伊犁哈萨克自治州
博尔塔拉 博尔塔拉蒙古自治州
昌吉 昌吉回族自治州
巴音郭楞 巴音郭楞蒙古自治州
克孜勒苏 克孜勒苏柯尔克孜自治州
大兴安岭 大兴安岭地区
阿里 阿里地区
阿克苏 阿克苏地区
喀什 喀什地区
和田 和田地区
塔城 塔城地区
阿勒泰 阿勒泰地区
兴安 兴安盟
锡林郭勒 锡林郭勒盟
阿拉善 阿拉善盟
"""
# Cities that are often written in pinyin.
_CITIES: Final = """\
广州 Guangzhou
深圳 Shenzhen
珠海 Zhuhai
佛山 Foshan
东莞 Dongguan
中山 Zhongshan
惠州 Huizhou
汕头 Shantou
杭州 Hangzhou
宁波 Ningbo
温州 Wenzhou
绍兴 Shaoxing
嘉兴 Jiaxing
金华 Jinhua
南京 Nanjing
无锡 Wuxi
常州 Changzhou
南通 Nantong
徐州 Xuzhou
扬州 Yangzhou
成都 Chengdu
绵阳 Mianyang
武汉 Wuhan
宜昌 Yichang
长沙 Changsha
株洲 Zhuzhou
西安 Xi'an|Xian
郑州 Zhengzhou
洛阳 Luoyang
开封 Kaifeng
青岛 Qingdao
济南 Jinan
烟台 Yantai
潍坊 Weifang
威海 Weihai
厦门 Xiamen
泉州 Quanzhou
合肥 Hefei
芜湖 Wuhu
南昌 Nanchang
九江 Jiujiang
石家庄 Shijiazhuang
唐山 Tangshan
保定 Baoding
太原 Taiyuan
大同 Datong
沈阳 Shenyang
大连 Dalian
长春 Changchun
哈尔滨 Harbin
大庆 Daqing
呼和浩特 Hohhot|Huhehaote
包头 Baotou
鄂尔多斯 Ordos
南宁 Nanning
桂林 Guilin
柳州 Liuzhou
海口 Haikou
三亚 Sanya
昆明 Kunming
丽江 Lijiang
贵阳 Guiyang
遵义 Zunyi
拉萨 Lhasa|Lasa
兰州 Lanzhou
西宁 Xining
银川 Yinchuan
乌鲁木齐 Urumqi|Wulumuqi
台北 Taipei|臺北
高雄 Kaohsiung
台中 Taichung|臺中
台南 Tainan|臺南
"""
# The city has the name of its province, and keeps what tells it apart.
_SAME_NAME: Final = frozenset(("吉林市",))
_CITY: Final = re.compile(r"[\u4e00-\u9fff]{2,10}市")
_LATIN_TAIL: Final = re.compile(r"(?:province|sheng|autonomousregion|municipality|city|shi)$")
_LONGEST: Final = 64


def region_name(value: object) -> str | None:
    """The short Chinese name of a Chinese province or city; None where it is known as none."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return None
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if len(text) > _LONGEST:
        return None
    if text.isascii():
        return _of_latin(text)
    return _NAMES.get(text) or _without_suffix(text)


def _of_latin(text: str) -> str | None:
    key = _key(text)
    return _NAMES.get(key) or _NAMES.get(_LATIN_TAIL.sub("", key))


def _without_suffix(text: str) -> str | None:
    for suffix in ("市", "省"):
        if (short := text.removesuffix(suffix)) != text and short in _NAMES and text not in _SAME_NAME:
            return _NAMES[short]
    return text[:-1] if _CITY.fullmatch(text) and text not in _SAME_NAME else None


def _key(name: str) -> str:
    """A Chinese name as it is; of a Latin one the letters and digits, in lower case."""
    return "".join(filter(str.isalnum, name.casefold())) if name.isascii() else name


def _read() -> dict[str, str]:
    names: dict[str, str] = {}
    for line in _CITIES.splitlines():
        short, others = line.split(" ", 1)
        names.update(dict.fromkeys(map(_key, (short, *others.split("|"))), short))
    for line in _PREFECTURES.splitlines():
        short, full = line.split()
        names.update(dict.fromkeys((short, full), short))
    for line in _PROVINCES.splitlines():
        number, letters, short, full, others = line.split(" ", 4)
        codes = (f"CN-{letters}", f"{number}0000", f"CN-{number}")
        names.update(dict.fromkeys(map(_key, (short, full, *others.split("|"), *codes)), short))
    return names


_NAMES: Final = _read()
