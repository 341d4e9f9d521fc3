-- One request again and again, for wrk: -- PATH BODY MARKER.
--
-- In BODY, @unique@ becomes a text that no other request has, and @order@ the number
-- of one of the 1,000 orders in turn. An answer is good if its status is 200, it holds
-- MARKER and no top-level GraphQL errors. done() prints one line of JSON; times in us.

local ORDERS = 1000
local threads = {}

function setup(thread)
   thread:set("id", #threads)
   table.insert(threads, thread)
end

function init(args)
   path, body, marker = args[1], args[2], args[3]
   -- No two runs against one database begin in the same second.
   prefix = string.format("%d-%d", os.time(), id)
   count, bad = 0, 0
   wrk.method = "POST"
   wrk.headers["Content-Type"] = "application/json"
end

local function fill(name)
   if name == "unique" then return prefix .. "-" .. count end
   return string.format("B%07d", count % ORDERS + 1)
end

function request()
   count = count + 1
   return wrk.format(nil, path, nil, (body:gsub("@(%l+)@", fill)))
end

function response(status, headers, answer)
   local good = status == 200
      and answer:find(marker, 1, true)
      and not answer:find('"errors"', 1, true)
   if not good then bad = bad + 1 end
end

function done(summary, latency, requests)
   local bad = 0
   for _, thread in ipairs(threads) do bad = bad + thread:get("bad") end
   local e = summary.errors
   io.write(string.format(
      '{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "max_us": %d, '
         .. '"bad": %d, "failed": %d, "timed_out": %d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
      latency.max, bad, e.connect + e.read + e.write, e.timeout
   ))
end
