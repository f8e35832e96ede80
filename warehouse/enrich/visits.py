"""What the address of a page and its referrer say of a visit: parts, campaign, ad click, channel."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final, NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlsplit

from warehouse.enrich.channels import Arrival, channel_of
from warehouse.enrich.referrers import Site, is_same_site, site_of, site_of_source
from warehouse.enrich.tables import read_table

READ_LENGTH: Final = 8192
_LONGEST: Final = 1024
_FIELDS: Final = 256
_UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


class Campaign(NamedTuple):
    """The campaign that led here, as the SDK read it or as the address says."""

    source: str | None = None
    medium: str | None = None
    name: str | None = None
    term: str | None = None
    content: str | None = None


class Visit(NamedTuple):
    """What is known of the visit that an event with a page belongs to."""

    page_host: str | None = None
    page_path: str | None = None
    page_search: str | None = None
    campaign_source: str | None = None
    campaign_medium: str | None = None
    campaign_name: str | None = None
    campaign_term: str | None = None
    campaign_content: str | None = None
    campaign_id: str | None = None
    click_id_kind: str | None = None
    click_id: str | None = None
    referrer_host: str | None = None
    referrer_class: str | None = None
    referrer_source: str | None = None
    channel: str | None = None


class Click(NamedTuple):
    """A parameter that an ad network added: its name and value, and what it says of the network."""

    kind: str
    value: str
    source: str
    site_class: str
    paid: bool


class _ClickId(NamedTuple):
    name: str
    companions: frozenset[str]
    source: str
    site_class: str
    paid: bool


@lru_cache(maxsize=32_768)
def read_visit(page_url: str, referrer: str | None, sent: tuple[str | None, ...]) -> Visit:
    """Reads a page's address and referrer; `sent` is the `Campaign` of the context, which goes first."""
    page = _split(page_url)
    query = _query(page.query)
    host = page.hostname or None
    campaign = _campaign(sent, query)
    click = _click(query)
    referrer_host, site_class, site = _referrer(referrer, host)
    return Visit(
        host,
        page.path or ("/" if host else None),
        f"?{page.query}" if page.query else None,
        *campaign,
        query.get("utm_id"),
        click.kind if click else None,
        click.value if click else None,
        referrer_host,
        site_class,
        site.name if site else None,
        channel_of(_arrival(campaign, click, site_class)),
    )


def _split(url: str) -> SplitResult:
    """The parts of an address; none of one that cannot be read."""
    try:
        parts = urlsplit(url[:READ_LENGTH])
        _ = parts.hostname
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts if parts.netloc else parts._replace(path="", query="")


def _query(query: str) -> dict[str, str]:
    """The first value of each parameter."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query[:READ_LENGTH])[:_FIELDS]:
        found.setdefault(name, value[:_LONGEST])
    return found


def _campaign(sent: tuple[str | None, ...], query: dict[str, str]) -> Campaign:
    if not query:
        return Campaign(*sent)
    return Campaign(*(one or query.get(name) for one, name in zip(sent, _UTM, strict=True)))


@cache
def _click_ids() -> tuple[_ClickId, ...]:
    return tuple(
        _ClickId(row["name"], frozenset(row.get("with", ())), row["source"], row["class"], row["paid"])
        for row in read_table("click_ids")
    )


def _click(query: dict[str, str]) -> Click | None:
    for one in _click_ids() if query else ():
        value = query.get(one.name)
        if value and (not one.companions or not one.companions.isdisjoint(query)):
            return Click(one.name, value, one.source, one.site_class, one.paid)
    return None


def _referrer(referrer: str | None, page_host: str | None) -> tuple[str | None, str | None, Site | None]:
    """The referrer's host, its class, and the site where it is a known one."""
    host = _split(referrer).hostname if referrer else None
    if not host:
        return None, None, None
    if page_host and is_same_site(host, page_host):
        return host, "internal", None
    site = site_of(host)
    return host, site.kind if site else "other", site


def _arrival(campaign: Campaign, click: Click | None, referrer_class: str | None) -> Arrival:
    named = site_of_source(campaign.source) if campaign.source else None
    referred = referrer_class not in (None, "internal")
    of_site = named.kind if named else click.site_class if click else None
    return Arrival(
        campaign.source,
        campaign.medium,
        campaign.name,
        of_site or (referrer_class if referred and not campaign.source else None),
        click is not None,
        click is not None and click.paid,
        referred,
    )
