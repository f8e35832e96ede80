-- Sends one body for ever and writes a fresh number into each message id of it.
-- Arguments: file with the body, the marker that stands where the number goes, headers as "Name: value" ...
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local pieces, places, head = {}, {}, ""

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local body = file:read("*a")
  file:close()
  local marker, from = args[2], 1
  while true do
    local first, last = body:find(marker, from, true)
    if not first then break end
    pieces[#pieces + 1] = body:sub(from, first - 1)
    pieces[#pieces + 1] = marker
    places[#places + 1] = #pieces
    from = last + 1
  end
  pieces[#pieces + 1] = body:sub(from)
  local lines = { "POST " .. wrk.path .. " HTTP/1.1", "Host: " .. wrk.host .. ":" .. wrk.port }
  for i = 3, #args do lines[#lines + 1] = args[i] end
  lines[#lines + 1] = "Content-Length: " .. #body
  head = table.concat(lines, "\r\n") .. "\r\n\r\n"
  pieces[1] = head .. pieces[1]
  step, width = 16, #marker
  run = os.time() % 1000000
end

function request()
  number = number + step
  local text = string.format("%06d%0" .. (width - 6) .. "d", run, number)
  for i = 1, #places do pieces[places[i]] = text end
  return table.concat(pieces)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"duration_us":%d,"bytes":%d,"p50_us":%d,"p99_us":%d,"not_2xx":%d,"socket":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
