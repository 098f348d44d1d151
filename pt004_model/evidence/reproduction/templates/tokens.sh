# hex: standard input in hexadecimal; unhex: the bytes that it spells
hex() { od -An -v -tx1 | tr -d ' \n'; }
unhex() {
  digits=$(cat)
  while [ -n "$digits" ]; do
    rest=${digits#??}
    printf "\\$(printf %03o "0x${digits%"$rest"}")"
    digits=$rest
  done
}

# base64url: standard input in unpadded base64url
base64url() { base64 | tr '+/' '-_' | tr -d '=\n'; }

# sha BITS: the hash of standard input in hexadecimal
sha() {
  if command -v "sha$1sum" > /dev/null; then "sha$1sum"; else shasum -a "$1"; fi | cut -d ' ' -f 1
}

# padded KEY BYTE SIZE: the key, in hexadecimal, filled up with zeros and each byte XORed
padded() {
  key=$1 left=$3
  while [ "$left" -gt 0 ]; do
    rest=${key#??}
    byte=${key%"$rest"}
    printf "\\$(printf %03o "$((0x${byte:-0} ^ $2))")"
    key=$rest left=$((left - 1))
  done
}

# signed SECRET PAYLOAD BITS SIZE: a token over the payload, signed with HMAC
signed() {
  secret=$(printf %s "$1" | hex)
  [ ${#secret} -le $((2 * $4)) ] || secret=$(printf %s "$1" | sha "$3")
  inner=$({ padded "$secret" 54 "$4"; printf %s "$2"; } | sha "$3")
  outer=$({ padded "$secret" 92 "$4"; printf %s "$inner" | unhex; } | sha "$3")
  printf 'omega_%s.%s' "$2" "$(printf %s "$outer" | unhex | base64url)"
}

# claims FILTER: a payload, with what the filter makes of it
claims() {
  jq -cjn "{server_id: \"pt004\", scopes: [], iat: (now - 60 | floor), jti: \"pt004\"} | $1" | base64url
}

# spare: a token that is good for two minutes, where the secret is known
spare() { signed "${SECRET_KEY:-another secret}" "$(claims '.exp = (now + 120 | floor)')" 256 64; }

# spoiled KIND: a token that must be refused: one that is signed and bad, or another than the good
# one spoiled. Of that the payload alone is used, as whoever is called may repeat what it gets.
spoiled() {
  day=86400
  case $1 in
    expired | long-expired | text-expiry | no-expiry | other-algorithm | no-json | recased | no-prefix | truncated)
      [ -n "${SECRET_KEY:-}" ] || unsure "set SECRET_KEY: a token of the kind $1 must be signed"
  esac
  case $1 in
    wrong-secret) signed 'another secret' "$(claims ".exp = (now + $day | floor)")" 256 64 ;;
    expired) signed "$SECRET_KEY" "$(claims ".iat -= 20 * $day | .exp = (now - 300 | floor)")" 256 64 ;;
    long-expired)
      signed "$SECRET_KEY" "$(claims ".iat -= 20 * $day | .exp = (now - 10 * $day | floor)")" 256 64 ;;
    text-expiry)
      signed "$SECRET_KEY" "$(claims ".exp = (now + $day | floor | tostring)")" 256 64 ;;
    no-expiry) signed "$SECRET_KEY" "$(claims .)" 256 64 ;;
    other-algorithm) signed "$SECRET_KEY" "$(claims ".exp = (now + $day | floor)")" 512 128 ;;
    no-json) signed "$SECRET_KEY" "$(printf '{exp:1' | base64url)" 256 64 ;;
    forged) printf '%s.%s' "${token%.*}" AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ;;
    *)
      bad=$(spare)
      head=${bad%.*} signature=${bad##*.}
      case $1 in
        tampered)
          payload=$(claims '.exp = (now + 120 | floor) | .scopes = ["admin"]')
          printf 'omega_%s.%s' "$payload" "$signature" ;;
        recased) printf '%s.%s' "$head" "$(printf %s "$signature" | tr 'A-Za-z' 'a-zA-Z')" ;;
        one-part) printf %s "$head" ;;
        unsigned) printf '%s.' "$head" ;;
        no-prefix) printf %s "${bad#omega_}" ;;
        truncated) printf %s "${bad%????}" ;;
      esac ;;
  esac
}
