#!/usr/bin/env bash
# Has testssl.sh look at each server of a store that speaks TLS, with a private
# CA of `bazar certs init`, and at one that takes TLS 1.2 too. Fails on every
# finding of LOW or worse that is not waived below. A server that is weak on
# purpose shows that a finding would be seen. Takes about a minute.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Findings that are let pass, each with its reason.
waived() {
	case $1 in
	# Nobody asks a private CA for revocations: its certificates end within a
	# year, and one that is lost is answered by a new CA, whose file servers
	# read again without a restart.
	cert_revocation) ;;
	# It would bind browsers, which find no page here; on localhost it would
	# bind every other program there, too. Nothing of ours listens on port 80.
	HSTS) ;;
	*) return 1 ;;
	esac
}

testssl=$(command -v testssl || command -v testssl.sh) || {
	echo "there is no testssl.sh here (Debian: apt-get install testssl.sh)"
	[[ ${CI:-} != true ]] || exit 1
	echo "skipped"
	exit 0
}

tmp=$(mktemp -d)
servers=()
clean_up() {
	local status=$?
	trap - EXIT
	((${#servers[@]} == 0)) || kill "${servers[@]}" 2> /dev/null || true
	wait
	rm -rf "$tmp"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

CGO_ENABLED=0 go build -tags nomsgpack -o "$tmp/bin/" ./cmd/...
export HOME=$tmp XDG_STATE_HOME=$tmp/state XDG_DATA_HOME=$tmp/data XDG_CONFIG_HOME=$tmp/config
"$tmp/bin/bazar-cli" certs init "$tmp/certs" > /dev/null

# start NAME CERTIFICATE COMMAND... starts a server on a free port.
start() {
	local name=$1 certificate=$2
	shift 2
	"$@" --addr 127.0.0.1:0 --admin-addr 127.0.0.1:0 --tls-client-ca "$tmp/certs/ca.pem" \
		--tls-cert "$tmp/certs/$certificate.pem" --tls-key "$tmp/certs/$certificate-key.pem" 2> "$tmp/$name.log" &
	servers+=($!)
}
# port NAME waits until a server says where it is, and prints its port.
port() {
	local found
	for ((tries = 0; tries < 300; tries++)); do
		found=$(sed -n 's/.*"msg":"ready".*"addr":"127.0.0.1:\([0-9]*\)","tls":true.*/\1/p' "$tmp/$1.log")
		[[ -z $found ]] || break
		sleep 0.1
	done
	[[ -n $found ]] || { echo "$1 is not ready:" >&2; cat "$tmp/$1.log" >&2; return 1; }
	echo "$found"
}
start catalog catalog "$tmp/bin/catalog" --db "sqlite:$tmp/catalog.db"
start order order "$tmp/bin/order" --db "sqlite:$tmp/order.db"
start account account "$tmp/bin/account" --db "sqlite:$tmp/account.db"
start frontend frontend "$tmp/bin/bazar-cli" serve
start tls12 catalog "$tmp/bin/catalog" --db "sqlite:$tmp/catalog.db" --tls-min 1.2

# look NAME PORT CHECK... writes what testssl.sh finds to NAME.csv. Its exit code
# counts findings.
look() {
	local name=$1 port=$2
	shift 2
	timeout 300 "$testssl" --quiet --color 0 --warnings off --nodns none --add-ca "$tmp/certs/ca.pem" \
		--csvfile "$tmp/$name.csv" "$@" "https://localhost:$port" > "$tmp/$name.txt" 2>&1 || true
}
# findings NAME prints id, severity and text of all that is LOW or worse. A check
# that could not be made is a WARN.
findings() {
	awk -F '","' 'NR > 1 && $4 !~ /^(OK|INFO|WARN)$/ {sub(/^"/, "", $1); print $1 "\t" $4 "\t" $5}' "$tmp/$1.csv"
}

# A server with ciphers of CBC, which have been broken before.
openssl s_server -accept 127.0.0.1:0 -www -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA \
	-cert "$tmp/certs/catalog.pem" -key "$tmp/certs/catalog-key.pem" > "$tmp/weak.log" 2>&1 &
servers+=($!)

looks=()
for name in account catalog order frontend tls12; do
	port=$(port "$name")
	look "$name" "$port" --protocols --standard --pfs --server-defaults --headers --vulnerable &
	looks+=($!)
done
weak=$(sed -n 's/^ACCEPT 127.0.0.1://p' "$tmp/weak.log")
look weak "$weak" --standard &
looks+=($!)
wait "${looks[@]}"

failed=0
for name in account catalog order frontend tls12; do
	# A look that was cut off has found nothing.
	checked=$(($(wc -l < "$tmp/$name.csv") - 1))
	if ((checked < 60)) || ! grep -q '^"TLS1_3",.*,"OK","offered' "$tmp/$name.csv" || ! grep -q '^"LUCKY13",' "$tmp/$name.csv"; then
		echo "FAIL $name: testssl.sh did not come to its end:"
		tail -n 20 "$tmp/$name.txt"
		failed=1
	fi
	found=0
	while IFS=$'\t' read -r id severity text; do
		! waived "$id" || continue
		echo "FAIL $name: $severity $id: $text"
		found=1
	done < <(findings "$name")
	((found == 0)) && echo "ok   $name: $checked checks" || failed=1
done
if [[ -n $(findings weak) ]]; then
	echo "ok   a weak server is found out"
else
	echo "FAIL a weak server is not found out:"
	cat "$tmp/weak.txt"
	failed=1
fi
exit "$failed"
