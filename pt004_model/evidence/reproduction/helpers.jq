# What stands at a path: a list of one, or an empty list when it is not there.
def at($value; $path):
  reduce $path[] as $part ([$value];
    if length == 0 then .
    elif (.[0] | type) == "object" and ($part | type) == "string" and (.[0] | has($part))
      then [.[0][$part]]
    elif (.[0] | type) == "array" and ($part | type) == "number" and $part < (.[0] | length)
      then [.[0][$part]]
    else [] end);

# The objects of a list in the body: its log entries or gates.
def listed($body; $name):
  [at($body; [$name])[] | select(type == "array")[] | select(type == "object")];

# The log entry that is the count-th of its kind, from 0 on.
def entry($body; $kind; $count): [listed($body; "logs")[] | select(.event_type == $kind)][$count];

# Whether the log has so many entries of the kind.
def kinds($body; $kind; $count):
  ([listed($body; "logs")[] | select(.event_type == $kind)] | length) == $count;

# Whether two JSON values are the same: numbers are doubles.
def same($one; $other):
  def doubles: walk(if type == "number" then . + 0 else . end);
  ($one | doubles) == ($other | doubles);

# It is one of the values.
def among($one; $values): any($values[]; same($one; [.]));

# A string that is not empty.
def is_text($one): ($one | length) == 1 and ($one[0] | type) == "string" and $one[0] != "";

# A value of the kind: string, object, list or null.
def is_kind($one; $kind):
  ($one | length) == 1 and ($one[0] | type) == (if $kind == "list" then "array" else $kind end);

# A list of objects.
def holds_objects($one): is_kind($one; "list") and ($one[0] | all(type == "object"));

# A list of so many.
def has_length($one; $count): is_kind($one; "list") and ($one[0] | length) == $count;

# Not there, null or an empty list.
def empty_or_absent($one): $one == [] or $one == [null] or $one == [[]];

# The longer list begins with the shorter one.
def begins($longer; $shorter):
  is_kind($longer; "list") and is_kind($shorter; "list")
  and same([$longer[0][:($shorter[0] | length)]]; $shorter);

# A run id: unreserved URL characters, at least one.
def is_id($one): is_text($one) and ($one[0] | test("^[A-Za-z0-9._~-]+$"));

# A time in RFC 3339 and UTC in seconds since 1970, or null for anything else.
def seconds($one):
  if is_text($one) then
    [$one[0] | capture("^(?<day>\\d{4}-\\d\\d-\\d\\d)[Tt ](?<time>\\d\\d:\\d\\d:\\d\\d)(?<rest>\\.\\d+)?([Zz]|[+-]00:00)$")
      | try ((.day + "T" + .time + "Z" | fromdateiso8601) + ("0" + (.rest // "") | tonumber))
        catch null][0]
  else null end;

# A time in RFC 3339 and UTC.
def is_time($one): seconds($one) != null;

# Two times, and the same.
def same_time($one; $other): is_time($one) and seconds($one) == seconds($other);

# Two times, the first later than the second.
def later($one; $other): is_time($one) and is_time($other) and seconds($one) > seconds($other);

# No time is before the one before it; what is no time is left out.
def in_order($times): [$times[] | seconds(.) | select(. != null)] | . == sort;

# The times of the log in order.
def all_times($body): [listed($body; "logs")[] | at(.; ["timestamp"])];

# The time lies within the call, by the FC's clock, which the create has shown.
# Times may be cut to seconds, so each end has a second more.
def set_during($one; $created; $first; $reply):
  is_time($one) and is_time($created)
  and ((seconds($one) - seconds($created)) as $after
    | $reply.start - $first.end - 1.05 <= $after and $after <= $reply.end - $first.start + 1.05);

# Strings that are not empty, no two alike.
def fresh($ids): ($ids | all(type == "string" and . != "")) and ($ids | unique | length) == ($ids | length);

# The log ids of all entries, those that were read again counted once.
def log_ids($replies): [$replies[] | listed(.body; "logs")[]] | unique | map(.log_id);

# The ids of the gates.
def gate_ids($body): [listed($body; "gates")[] | .gate_id];

# A JSON object with a detail that is not empty.
def has_detail($body):
  ($body | type) == "object"
  and (at($body; ["detail"])[0] | type == "string" or type == "array" or type == "object")
  and ($body.detail | length) > 0;

# An entry without its receipt_hash.
def unhashed($one): $one | map(del(.receipt_hash));

# The receipt hashes of the log, as a list of one.
def hashes($body): [[listed($body; "logs")[] | .receipt_hash]];

# A list of SHA-256 hashes.
def is_chain($one):
  is_kind($one; "list") and ($one[0] | all(type == "string" and test("^[0-9a-f]{64}$")));

# The log begins with an entry of the kind.
def first_kind($body; $kind): [listed($body; "logs")[] | .event_type][:1] == [$kind];

# The log ends with an entry of the kind.
def last_kind($body; $kind): [listed($body; "logs")[] | .event_type][-1:] == [$kind];

# Every entry of the log has a kind.
def have_kinds($body):
  listed($body; "logs") | all(.event_type | type == "string" and . != "");

# No gate is closed in the log before it was opened.
def gates_open_first($body):
  reduce listed($body; "logs")[] as $each ({open: 0, ok: true};
    .open += ({"FC-GATE-001": 1, "FC-GATE-002": -1}[$each.event_type // ""] // 0)
    | .ok = (.ok and .open >= 0)) | .ok;

# The answer is JSON and says so.
def says_json($reply):
  $reply.is_json and ($reply.type | ascii_downcase | test("^\\s*application/json\\s*(;|$)"));

# The answer is JSON.
def is_json($reply): $reply.is_json;
