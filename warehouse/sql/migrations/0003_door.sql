-- events: what the door and the enrichment say of an event.
ALTER TABLE events ADD COLUMN kind VARCHAR; -- what its address took: batch, or the type of a single event
ALTER TABLE events ADD COLUMN privacy VARCHAR; -- privacy policy that treated the event before it was written, as name@version
ALTER TABLE events ADD COLUMN signals VARCHAR; -- what the browser asked for: gpc, dnt, or both with a comma
ALTER TABLE events ADD COLUMN visitor_id VARCHAR; -- id in the first-party cookie that the collector keeps, where that is switched on
ALTER TABLE events ADD COLUMN country VARCHAR; -- ISO 3166-1 code of the country, from the address before it was treated
ALTER TABLE events ADD COLUMN region VARCHAR; -- region (ISO 3166-2 or name), where the location database knows it
ALTER TABLE events ADD COLUMN city VARCHAR; -- city, where the location database knows it
ALTER TABLE events ADD COLUMN clock VARCHAR; -- how timestamp was found: null as sent, else skewed, stale, future or missing
ALTER TABLE events ADD COLUMN clock_offset BIGINT; -- microseconds added to the device's time
ALTER TABLE events ADD COLUMN page_host VARCHAR; -- host of page_url
ALTER TABLE events ADD COLUMN referrer_host VARCHAR; -- host of page_referrer
ALTER TABLE events ADD COLUMN referrer_class VARCHAR; -- search, social, mail, ai, video, shopping, internal or other
ALTER TABLE events ADD COLUMN referrer_source VARCHAR; -- name of the referring site where it is a known one
ALTER TABLE events ADD COLUMN click_id_kind VARCHAR; -- parameter of the page address that an ad network added: gclid, bd_vid, ...
ALTER TABLE events ADD COLUMN click_id VARCHAR; -- its value
ALTER TABLE events ADD COLUMN campaign_id VARCHAR; -- utm_id of the page address
ALTER TABLE events ADD COLUMN channel VARCHAR; -- channel group of the visit this event would open: Direct, Organic Search, Paid Social, ...
ALTER TABLE events ADD COLUMN bot_reason VARCHAR; -- why is_bot is true
ALTER TABLE events ADD COLUMN repeated BOOLEAN; -- the same event of the same device with the same properties happened less than a second before
ALTER TABLE events ADD COLUMN uncleaned JSON; -- pointer to value as sent, of what cleaning changed
ALTER TABLE events ADD COLUMN replayed_at TIMESTAMPTZ; -- when a refused event was judged again and found valid; null for others

-- rejected: what is needed to judge an event again.
ALTER TABLE rejected ADD COLUMN dialect VARCHAR; -- protocol the SDK spoke
ALTER TABLE rejected ADD COLUMN kind VARCHAR; -- what its address took: batch, or the type of a single event
ALTER TABLE rejected ADD COLUMN privacy VARCHAR; -- privacy policy that treated the event before it was written, as name@version
ALTER TABLE rejected ADD COLUMN signals VARCHAR; -- what the browser asked for: gpc, dnt, or both with a comma
ALTER TABLE rejected ADD COLUMN sent_at TIMESTAMPTZ; -- when the device says it sent the request
ALTER TABLE rejected ADD COLUMN ip VARCHAR; -- address of the sender, after the key's privacy treatment
ALTER TABLE rejected ADD COLUMN user_agent VARCHAR; -- user agent of the request
ALTER TABLE rejected ADD COLUMN visitor_id VARCHAR; -- id in the first-party cookie
ALTER TABLE rejected ADD COLUMN country VARCHAR; -- ISO 3166-1 code of the country, from the address before it was treated
ALTER TABLE rejected ADD COLUMN region VARCHAR; -- region (ISO 3166-2 or name)
ALTER TABLE rejected ADD COLUMN city VARCHAR; -- city
ALTER TABLE rejected ADD COLUMN context VARCHAR; -- context of the event, or of its envelope
