# SPDX-License-Identifier: MIT
"""read_perfetto.py FILE: reads a trace with Perfetto's own messages, and holds it to what a
viewer relies on: parents before children, interned texts told before they are used,
slices that nest, arrows that begin and end."""
import sys
from collections import Counter, defaultdict

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

trace = Trace()
with open(sys.argv[1], "rb") as file:
    trace.ParseFromString(file.read())

tables = defaultdict(dict)  # of interned texts
tracks, events = {}, []
for at, packet in enumerate(trace.packet):
    if packet.HasField("track_descriptor"):
        track = packet.track_descriptor
        assert not track.parent_uuid or track.parent_uuid in tracks, track
        tracks[track.uuid] = track
    if packet.sequence_flags & 1:
        tables.clear()
    for field, values in packet.interned_data.ListFields():
        for value in values:
            assert value.iid and value.iid not in tables[field.name], value
            tables[field.name][value.iid] = value
    if not packet.HasField("track_event"):
        continue
    event = packet.track_event
    assert event.track_uuid in tracks, event
    name = tables["event_names"][event.name_iid].name if event.name_iid else None
    for iid in event.category_iids:
        assert iid in tables["event_categories"]
    for arg in event.debug_annotations:
        assert arg.name_iid in tables["debug_annotation_names"]
        if arg.string_value_iid:
            tables["debug_annotation_string_values"][arg.string_value_iid].str.decode()
    if event.source_location_iid:
        assert event.source_location_iid in tables["source_locations"]
    events.append((packet.timestamp, at, event, name))

events.sort(key=lambda event: event[:2])
open_slices, flows, kinds = defaultdict(list), defaultdict(str), Counter()
for ns, _, event, name in events:
    kinds[TrackEvent.Type.Name(event.type)] += 1
    if event.type == TrackEvent.TYPE_SLICE_BEGIN:
        assert name
        open_slices[event.track_uuid].append(ns)
    elif event.type == TrackEvent.TYPE_SLICE_END:
        assert open_slices[event.track_uuid].pop() <= ns
    elif event.type == TrackEvent.TYPE_COUNTER:
        assert tracks[event.track_uuid].HasField("counter") and event.counter_value >= 0
    for flow in event.flow_ids:
        flows[flow] += "s"
    for flow in event.terminating_flow_ids:
        flows[flow] += "e"
assert not any(open_slices.values())
assert all("e" not in way[:-1] for way in flows.values())
print(len(tracks), "tracks,", len(flows), "arrows,", dict(kinds))
