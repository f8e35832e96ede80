-- Sends bodies in turn for ever and writes a fresh number into each message id of them.
-- Arguments: file with one body, or with several, each after a line with its length, the marker that stands where the number goes, headers as "Name: value" ...
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local requests, turn = {}, 0

local function bodies(file)
  if not file:match("^%d+\n") then return { file } end
  local found, at = {}, 1
  while at <= #file do
    local line = file:find("\n", at, true)
    local length = tonumber(file:sub(at, line - 1))
    found[#found + 1] = file:sub(line + 1, line + length)
    at = line + length + 1
  end
  return found
end

local function prepared(body, marker, lines)
  local pieces, places, from = {}, {}, 1
  while true do
    local first, last = body:find(marker, from, true)
    if not first then break end
    pieces[#pieces + 1] = body:sub(from, first - 1)
    pieces[#pieces + 1] = marker
    places[#places + 1] = #pieces
    from = last + 1
  end
  pieces[#pieces + 1] = body:sub(from)
  pieces[1] = lines .. "Content-Length: " .. #body .. "\r\n\r\n" .. pieces[1]
  return { pieces = pieces, places = places }
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local text = file:read("*a")
  file:close()
  local lines = { "POST " .. wrk.path .. " HTTP/1.1", "Host: " .. wrk.host .. ":" .. wrk.port }
  for i = 3, #args do lines[#lines + 1] = args[i] end
  local head = table.concat(lines, "\r\n") .. "\r\n"
  for _, body in ipairs(bodies(text)) do requests[#requests + 1] = prepared(body, args[2], head) end
  step, width = 16, #args[2]
  run = os.time() % 1000000
end

function request()
  turn = turn % #requests + 1
  local one = requests[turn]
  if #one.places == 0 then return one.pieces[1] end
  number = number + step
  local text = string.format("%06d%0" .. (width - 6) .. "d", run, number)
  for i = 1, #one.places do one.pieces[one.places[i]] = text end
  return table.concat(one.pieces)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"duration_us":%d,"bytes":%d,"p50_us":%d,"p99_us":%d,"not_2xx":%d,"socket":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
