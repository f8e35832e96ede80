"""Every wire protocol that is spoken.

Of several at one address the first that claims a request takes it, and the last what nobody claims.
"""

from collections.abc import Mapping
from typing import Final

from sdk_contract.dialects import Dialect
from sdk_contract.dialects.amplitude import AMPLITUDE
from sdk_contract.dialects.clickstream import CLICKSTREAM
from sdk_contract.dialects.ga4 import GA4
from sdk_contract.dialects.jitsu import JITSU
from sdk_contract.dialects.mixpanel import MIXPANEL
from sdk_contract.dialects.noscript import NOSCRIPT
from sdk_contract.dialects.pixel import PIXEL
from sdk_contract.dialects.posthog import POSTHOG
from sdk_contract.dialects.rudderstack import RUDDERSTACK
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.dialects.sensors import SENSORS
from sdk_contract.dialects.snowplow import SNOWPLOW

DIALECTS: Final = (
    RUDDERSTACK, SEGMENT, PIXEL, NOSCRIPT, JITSU, SNOWPLOW, SENSORS, CLICKSTREAM, GA4, AMPLITUDE, POSTHOG,
    MIXPANEL,
)  # fmt: skip
BY_NAME: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in DIALECTS}
