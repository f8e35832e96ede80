"""Which traits say what of a person. Names are compared without case, blanks and punctuation."""

from typing import Final

import pyarrow as pa

# The field of a record, and the traits that tell it, the best first; after a colon a part of an object.
MEANINGS: Final = {
    "name": ("name", "fullname", "displayname", "realname", "姓名", "真实姓名", "名字"),
    "given": ("firstname", "givenname", "given", "名"),
    "family": ("lastname", "familyname", "surname", "family", "姓"),
    "birthday": ("birthday", "birthdate", "dateofbirth", "dob", "生日", "出生日期"),
    "official": ("idnumber", "idcard", "nationalid", "socsecid", "ssn", "身份证", "身份证号", "身份证号码"),
    "phone": ("phone", "mobile", "phonenumber", "telephone", "cellphone", "手机", "手机号", "电话"),
    "email": ("email", "emailaddress", "mail", "邮箱", "电子邮箱"),
    "street": (
        *("street", "streetaddress", "addressline1", "address1", "address:street"),
        *("address", "地址", "详细地址"),
    ),
    "street2": ("addressline2", "address2", "address:street2", "address:line2"),
    "number": ("streetnumber", "housenumber", "address:number", "门牌号"),
    "city": ("city", "address:city", "suburb", "城市"),
    "postcode": (
        *("postcode", "postalcode", "zip", "zipcode"),
        *("address:postalCode", "address:postcode", "address:zip", "邮编"),
    ),
    "region": ("region", "state", "province", "address:state", "address:region", "省", "省份"),
}


def meanings() -> pa.Table:
    """(trait, path, field, rank): `path` is empty where the trait itself is the value."""
    rows = []
    for field, traits in MEANINGS.items():
        for rank, said in enumerate(traits):
            trait, _, part = said.partition(":")
            rows.append({"trait": trait, "path": f"$.{part}" if part else "", "field": field, "rank": rank})
    return pa.Table.from_pylist(rows)
