-- identity_key: The 63-bit key of an identity; sdk_contract.keys.identity_key gives the same number.
CREATE MACRO identity_key(project, kind, value) AS
    (('0x' || left(md5(project || chr(31) || kind || chr(31) || value), 16))::UBIGINT >> 1)::BIGINT;

-- events: One row per stored event. Partitioned by event_day.
CREATE TABLE events (
    load_seq BIGINT, -- order of load: unique over events, rejected and duplicates; what a replay moved gets a new one
    project VARCHAR, -- project of the write key
    subject_key BIGINT, -- identity_key of the device (anonymous_id), or of the user where the event names no device
    event_day DATE, -- day of timestamp, UTC; ask for it to read less
    key_id VARCHAR, -- id of the write key (k_...), not the key itself
    key_no INTEGER, -- number of the write key in the registry
    dialect VARCHAR, -- protocol the SDK spoke
    segment_id VARCHAR, -- journal segment that carried the event; with record and index the event's place in landing
    record INTEGER, -- number of the request within the segment
    index INTEGER, -- number of the event within its request
    verdict VARCHAR, -- ok or warning
    reason VARCHAR, -- why the verdict is warning
    pointer VARCHAR, -- JSON pointer to what was wrong
    expected VARCHAR, -- what would have been right
    plan_version VARCHAR, -- version of the tracking plan that judged the event
    message_id VARCHAR, -- the SDK's id of the event; given by the collector where the SDK sent none
    type VARCHAR, -- track, page, screen, identify, group or alias
    event VARCHAR, -- name: of a track its event, of a page or screen its name
    category VARCHAR, -- category of a page or screen
    user_id VARCHAR, -- the customer's id in the sender's system
    anonymous_id VARCHAR, -- the device's id
    group_id VARCHAR, -- account or organisation
    previous_id VARCHAR, -- of an alias: the id that the user had before
    timestamp TIMESTAMPTZ, -- when it happened: the device's time, corrected by what is certain
    original_timestamp TIMESTAMPTZ, -- when it happened by the device's clock
    sent_at TIMESTAMPTZ, -- when the device says it sent the request
    received_at TIMESTAMPTZ, -- when the collector received the request
    ip VARCHAR, -- address of the sender, after the key's privacy treatment
    user_agent VARCHAR, -- the event's own user agent, else that of the request
    locale VARCHAR, -- context.locale
    timezone VARCHAR, -- context.timezone
    page_url VARCHAR, -- context.page.url
    page_path VARCHAR, -- context.page.path, else from the page address
    page_title VARCHAR, -- context.page.title
    page_referrer VARCHAR, -- context.page.referrer
    page_search VARCHAR, -- context.page.search, else from the page address
    campaign_source VARCHAR, -- context.campaign.source, else utm_source of the page address
    campaign_medium VARCHAR, -- context.campaign.medium, else utm_medium
    campaign_name VARCHAR, -- context.campaign.name, else utm_campaign
    campaign_term VARCHAR, -- context.campaign.term, else utm_term
    campaign_content VARCHAR, -- context.campaign.content, else utm_content
    library_name VARCHAR, -- SDK that sent it
    library_version VARCHAR, -- version of that SDK
    app_name VARCHAR, -- context.app.name
    app_version VARCHAR, -- context.app.version
    os_name VARCHAR, -- as sent, else read from the user agent
    os_version VARCHAR, -- as sent, else read from the user agent
    device_type VARCHAR, -- as sent, else mobile, tablet or desktop by the user agent
    device_model VARCHAR, -- as sent, else read from the user agent
    screen_width INTEGER, -- context.screen.width
    screen_height INTEGER, -- context.screen.height
    browser VARCHAR, -- browser's name, read from the user agent
    is_bot BOOLEAN, -- user agent, or how it was sent, tells a robot; null where nothing tells
    properties JSON, -- the event's properties as sent; properties->>'$.price' reads one
    traits JSON, -- traits of an identify or group, as sent
    context JSON, -- the event's context as sent, addresses treated
    integrations JSON, -- integrations as sent
    extra JSON -- every other field of the event
);
ALTER TABLE events SET PARTITIONED BY (event_day);

-- rejected: One row per event that is kept but not stored: rejected, filtered or damaged.
CREATE TABLE rejected (
    load_seq BIGINT, -- order of load, shared with events
    project VARCHAR, -- project of the write key; null where damage took it
    key_id VARCHAR, -- id of the write key; null where damage took it
    key_no INTEGER, -- number of the write key; null where damage took it
    segment_id VARCHAR, -- journal segment that carried the event
    record INTEGER, -- number of the request within the segment
    index INTEGER, -- number of the event within its request
    verdict VARCHAR, -- rejected, filtered or damaged
    reason VARCHAR, -- why: one of the closed list (docs/verdicts.md)
    pointer VARCHAR, -- JSON pointer to what was wrong
    expected VARCHAR, -- what would have been right
    plan_version VARCHAR, -- version of the tracking plan that judged the event
    message_id VARCHAR, -- the SDK's id of the event; given by the collector where the SDK sent none
    type VARCHAR, -- type the event claimed
    event VARCHAR, -- name the event claimed
    received_at TIMESTAMPTZ, -- when the collector received the request
    library_name VARCHAR, -- SDK that sent it
    library_version VARCHAR, -- version of that SDK
    raw VARCHAR -- the event as received, after privacy treatment; not always JSON
);

-- duplicates: One row per event whose message id had been stored within 7 days; its first copy is in events.
CREATE TABLE duplicates (
    load_seq BIGINT, -- order of load, shared with events
    project VARCHAR, -- project of the write key
    message_id VARCHAR, -- the id that came again
    key_id VARCHAR, -- id of the write key
    key_no INTEGER, -- number of the write key in the registry
    received_at TIMESTAMPTZ, -- when this copy was received
    segment_id VARCHAR, -- journal segment that carried this copy
    record INTEGER, -- number of the request within the segment
    index INTEGER, -- number of the event within its request
    same_body BOOLEAN -- false: the id came again with other content, so something was left out of events
);

-- objects: One row per landing object that is in the lake, written in the transaction of its rows.
CREATE TABLE objects (
    key VARCHAR, -- the object's key in landing
    segment_id VARCHAR, -- journal segment it was made from
    loaded_at TIMESTAMPTZ, -- when it was loaded
    first_load_seq BIGINT, -- load_seq of its first row; the rows follow in the object's order
    last_load_seq BIGINT, -- load_seq of its last row; one less than the first where it is empty
    rows BIGINT, -- events in the object
    stored BIGINT, -- of these, in events
    duplicate BIGINT, -- of these, in duplicates
    rejected BIGINT, -- of these, in rejected with verdict rejected
    filtered BIGINT, -- of these, in rejected with verdict filtered
    damaged BIGINT -- of these, in rejected with verdict damaged
);

-- cursors: How far each stage of the writer has come.
CREATE TABLE cursors (
    name VARCHAR, -- load: landing to events; stitch: events to sessions and customers; rollup: events to daily
    load_seq BIGINT, -- the last load_seq this stage has seen
    complete_until TIMESTAMPTZ, -- every event received before this moment is in
    updated_at TIMESTAMPTZ -- when the stage last moved
);
