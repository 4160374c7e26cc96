# SPDX-License-Identifier: MIT
"""read_otlp.py FILE...: reads lines of OTLP with OpenTelemetry's own messages.
read_otlp.py --collect PORT: is a collector on the loopback, and says what it got."""
import base64
import http.server
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDS = {"traceId": 16, "spanId": 8, "parentSpanId": 8}


def from_hex(value):
    """OTLP writes ids as hex, where protobuf's JSON has base64."""
    if isinstance(value, list):
        return [from_hex(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, item in value.items():
        if key in IDS:
            number = bytes.fromhex(item)
            assert len(number) == IDS[key] and any(number), item
            out[key] = base64.b64encode(number).decode()
        else:
            out[key] = from_hex(item)
    return out


def read(line):
    """The spans and the log records of a document. Unknown members are errors."""
    document = from_hex(json.loads(line))
    if "resourceSpans" in document:
        message = json_format.ParseDict(document, ExportTraceServiceRequest())
        return [s for r in message.resource_spans for c in r.scope_spans for s in c.spans], []
    message = json_format.ParseDict(document, ExportLogsServiceRequest())
    return [], [l for r in message.resource_logs for c in r.scope_logs for l in c.log_records]


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        spans, logs = read(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert self.path == ("/v1/traces" if spans else "/v1/logs"), self.path
        assert self.headers["Content-Type"] == "application/json"
        print(self.path, len(spans), "spans", len(logs), "records", flush=True)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


if sys.argv[1] == "--collect":
    server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Collector)
    print("ready", flush=True)
    server.serve_forever()

spans, logs = [], []
for path in sys.argv[1:]:
    with open(path) as file:
        for line in file:
            more = read(line)
            spans += more[0]
            logs += more[1]
by_id = {span.span_id: span for span in spans}
known = set(by_id) | {log.span_id for log in logs}
assert len(by_id) == len(spans), "two spans with one id"
for span in spans:
    assert span.start_time_unix_nano <= span.end_time_unix_nano
    assert not span.parent_span_id or span.parent_span_id in known
    parent = by_id.get(span.parent_span_id)
    assert not parent or parent.trace_id == span.trace_id
    assert all(link.span_id in known for link in span.links)
print(len(spans), "spans,", sum(len(s.links) for s in spans), "links,", len(logs), "records")
