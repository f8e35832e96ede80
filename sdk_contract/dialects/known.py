"""Every wire protocol that is spoken. Of several at one address the first that claims a request takes it."""

from collections.abc import Mapping
from typing import Final

from sdk_contract.dialects import Dialect
from sdk_contract.dialects.amplitude import AMPLITUDE
from sdk_contract.dialects.mixpanel import MIXPANEL
from sdk_contract.dialects.posthog import POSTHOG
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.dialects.sensors import SENSORS
from sdk_contract.dialects.snowplow import SNOWPLOW

DIALECTS: Final = (SEGMENT, SNOWPLOW, SENSORS, AMPLITUDE, POSTHOG, MIXPANEL)
BY_NAME: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in DIALECTS}
