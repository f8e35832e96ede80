"""Currencies: codes, signs and names -> the code of ISO 4217."""

from __future__ import annotations

import unicodedata
from typing import Final

# ISO 4217, among them some that were given up of late, since old orders still name them.
_LIST: Final = """\
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN
BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD
FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS
KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR
SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU
XUA YER ZAR ZMW ZWL
"""
_CODES: Final = frozenset(_LIST.split())
_ALIASES: Final = """\
CNY=¥|￥|元|RMB|CNH|CN¥|人民币|人民币元|人民幣|圆|块|yuan|renminbi|chinese yuan
USD=$|US$|USD$|美元|美金|dollar|dollars|us dollar|us dollars
EUR=€|欧元|歐元|euro|euros
GBP=£|GB£|英镑|英鎊|pound|pounds|pound sterling
JPY=JP¥|JPY¥|円|日元|日圆|日圓|yen
HKD=HK$|港币|港元|港幣|港纸
TWD=NT$|TW$|NTD|台币|新台币|新臺幣|台幣
MOP=MOP$|澳门元|澳门币|葡币
KRW=₩|韩元|韩币|韓元|won
SGD=S$|SG$|新加坡元|新元|坡币
AUD=A$|AU$|澳元|澳币|澳大利亚元
CAD=C$|CA$|加元|加拿大元|加币
NZD=NZ$|纽元|新西兰元
CHF=瑞士法郎|SFr|Fr.
INR=₹|卢比|印度卢比|rupee|rupees
RUB=₽|卢布|俄罗斯卢布|ruble|rubles
THB=฿|泰铢|baht
VND=₫|越南盾|dong
MYR=RM|马币|马来西亚林吉特|林吉特|ringgit
IDR=Rp|印尼盾|印尼卢比|rupiah
PHP=₱|菲律宾比索
BRL=R$|雷亚尔|巴西雷亚尔
TRY=₺|土耳其里拉
UAH=₴
ILS=₪
AED=迪拉姆|dirham
SAR=沙特里亚尔
"""
_LONGEST: Final = 32


def currency_code(value: str) -> str | None:
    """The code of ISO 4217 for a code, sign or name; None for what is none.

    A sign that several countries use means the likeliest: `$` is USD and `¥` is CNY.
    """
    if len(value) > _LONGEST:
        return None
    key = _key(value)
    return _NAMES.get(key) or (key.upper() if key.upper() in _CODES else None)


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _read(aliases: str) -> dict[str, str]:
    split = (line.partition("=") for line in aliases.splitlines())
    return {_key(name): code for code, _, names in split for name in names.split("|")}


_NAMES: Final = _read(_ALIASES)
