#!/usr/bin/env bash
# Has sqlmap try every parameter of the contract, in queries, paths, headers and
# bodies, on real servers with accounts and TLS, as whoever may do the most. Fails
# if one is injectable, or if sqlmap did not come to its end. A server that is
# weak on purpose shows that it would be found. Takes some minutes; LEVEL and
# RISK (1 each) ask for more, ONLY=NN for one request.
set -euo pipefail
cd "$(dirname "$0")/../.."

sqlmap=$(command -v sqlmap) || {
	echo "there is no sqlmap here (Debian: apt-get install sqlmap)"
	exit 1
}

tmp=$(mktemp -d)
servers=()
clean_up() {
	local status=$?
	trap - EXIT
	((${#servers[@]} == 0)) || kill "${servers[@]}" 2> /dev/null || true
	wait 2> /dev/null || true
	rm -rf "$tmp"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

CGO_ENABLED=0 go build -tags nomsgpack -o "$tmp/bin/" ./cmd/...
export HOME=$tmp XDG_STATE_HOME=$tmp/state XDG_DATA_HOME=$tmp/data XDG_CONFIG_HOME=$tmp/config
export BAZAR_TLS_CLIENT_CA=$tmp/certs/ca.pem BAZAR_CA_FILE=$tmp/certs/ca.pem
"$tmp/bin/bazar-cli" certs init "$tmp/certs" > /dev/null

# start NAME COMMAND... starts a server on a free port, and sets port once it is
# ready.
start() {
	local name=$1
	shift
	: > "$tmp/$name.log"
	"$@" --addr 127.0.0.1:0 --admin-addr "" --tls-cert "$tmp/certs/$name.pem" --tls-key "$tmp/certs/$name-key.pem" \
		2> "$tmp/$name.log" &
	servers+=($!)
	for ((tries = 0; tries < 300; tries++)); do
		port=$(sed -n 's/.*"msg":"ready".*"addr":"127.0.0.1:\([0-9]*\)","tls":true.*/\1/p' "$tmp/$name.log")
		[[ -z $port ]] || return 0
		sleep 0.1
	done
	echo "$name is not ready:" >&2
	cat "$tmp/$name.log" >&2
	return 1
}
start account "$tmp/bin/account" --db "sqlite:$tmp/account.db" --registration open
account=$port
export BAZAR_ACCOUNT_URL=https://localhost:$account
start catalog "$tmp/bin/catalog" --db "sqlite:$tmp/catalog.db"
catalog=$port
export BAZAR_CATALOG_URL=https://localhost:$catalog
start order "$tmp/bin/order" --db "sqlite:$tmp/order.db"
export BAZAR_ORDER_URL=https://localhost:$port
start frontend "$tmp/bin/bazar-cli" serve
front=$port
password="correct horse battery staple"
"$tmp/bin/account" admin create ada --db "sqlite:$tmp/account.db" <<< "$password" > /dev/null
ask() { curl -sf --cacert "$tmp/certs/ca.pem" -H "Content-Type: application/json" "$@"; }
token=$(ask "https://localhost:$front/v1/tokens" -d "{\"account\":\"ada\",\"password\":\"$password\",\"name\":\"sqlmap\"}" |
	sed -n 's/.*"secret":"\([^"]*\)".*/\1/p')
[[ -n $token ]]
order=01890a5d-ac96-774b-bcce-b302099a8057
as=(-H "Authorization: Bearer $token")
ask "${as[@]}" -X PUT "https://localhost:$front/v1/orders/$order" -d '{"lines":[{"book_id":3,"quantity":1}]}' > /dev/null
import='{"id":"01890a5d-ac96-774b-bcce-b302099a8058","source":"s","rows":[{"line":1,"key":"k","title":"t","authors":["a"]}]}'
ask "https://localhost:$front/v1/accounts" -d "{\"name\":\"bob\",\"password\":\"$password\"}" > /dev/null

# What is for services is tried as the order service.
cat "$tmp/certs/order-key.pem" "$tmp/certs/order.pem" > "$tmp/order.pem"
# listen NAME COMMAND... starts what prints its port, and sets port to it.
listen() {
	local name=$1
	shift
	: > "$tmp/$name.port"
	"$@" > "$tmp/$name.port" 2> "$tmp/$name.err" &
	servers+=($!)
	for ((tries = 0; tries < 300; tries++)); do
		port=$(< "$tmp/$name.port")
		[[ -z $port ]] || return 0
		sleep 0.1
	done
	echo "$name does not listen:" >&2
	cat "$tmp/$name.err" >&2
	return 1
}
# through NAME PORT CERTIFICATE sets port to one by which sqlmap comes to a server.
through() { listen "$1" python3 test/sqlmap/through.py "$2" "$tmp/certs/ca.pem" "$3"; }
through to-account "$account" "$tmp/order.pem"
account=$port
through to-catalog "$catalog" "$tmp/order.pem"
catalog=$port
through to-front "$front" "$tmp/order.pem"
front=$port

mkdir "$tmp/requests"
requests=0
# try PORT METHOD TARGET [BODY [HEADER]] notes a request; "*" marks what is tried,
# else it is each parameter of the query, or each value of the body.
try() {
	local port=$1 method=$2 target=$3 body=${4:-} header=${5:-}
	requests=$((requests + 1))
	{
		printf '%s %s HTTP/1.1\nHost: localhost:%s\nAuthorization: Bearer %s\n' "$method" "$target" "$port" "$token"
		[[ -z $header ]] || printf '%s\n' "$header"
		[[ -z $body ]] || printf 'Content-Type: application/json\n'
		printf '\n%s' "$body"
	} > "$tmp/requests/$(printf '%02d' "$requests")"
}
try "$front" GET '/v1/books?q=go&sort=title&limit=5&in_stock=true'
try "$front" GET '/v1/books?topic=go&author=a&min_price=1&max_price=500&currency=USD&sort=price'
try "$front" GET '/v1/books?words=systems&sort=relevance&cursor=x'
try "$front" GET '/v1/books?retired=true&sort=id&limit=3'
try "$front" GET '/v1/topics?limit=5&cursor=go'
try "$front" GET '/v1/books/3*'
try "$front" GET '/v1/books/3' '' 'If-None-Match: "1-1*"'
try "$front" GET '/v1/books/3*/history'
try "$front" GET '/v1/books/3/history?limit=5&cursor=1'
try "$front" GET '/search/go*'
try "$front" GET '/search/go?limit=5&cursor=x'
try "$front" GET '/info/3*'
try "$front" GET "/v1/movements?after=1&limit=5&sort=id&operation=$order"
try "$front" GET "/v1/reservations?after=$order&limit=5"
try "$front" GET "/v1/reservations/$order*"
try "$front" GET "/v1/orders?after=$order&limit=5&sort=newest&all=true"
try "$front" GET "/v1/orders/$order*"
try "$front" PUT "/v1/orders/$order*" '{"lines":[{"book_id":3,"quantity":1}]}'
try "$front" PUT "/v1/orders/$order" '{"lines":[{"book_id":3,"quantity":1,"max_price":{"amount":500,"currency":"USD"}}]}'
try "$front" POST "/v1/orders/$order*/cancel"
try "$front" POST '/purchase/3*'
try "$front" POST '/purchase/3' '{"quantity":1}' 'Idempotency-Key: k*'
try "$front" POST '/purchase/3' '{"quantity":1,"max_price":{"amount":500,"currency":"USD"}}'
try "$front" POST '/v1/books' '{"title":"t","authors":["a"],"topics":["go"],"isbn13":"9780131103627","price":{"amount":1,"currency":"USD"},"publisher":"p","language":"en","description":"d"}'
try "$front" PATCH '/v1/books/4*' '{"title":"t"}'
try "$front" PATCH '/v1/books/4' '{"title":"t","authors":["a"],"topics":["go"],"publisher":"p","language":"en","description":"d"}'
try "$front" PATCH '/v1/books/4' '{"title":"t"}' 'If-Match: "1*"'
try "$front" PUT "/v1/books/3/movements/$order*" '{"delta":1}'
try "$front" PUT "/v1/books/3*/movements/$order" '{"delta":1}'
try "$front" PUT "/v1/books/3/movements/$order" '{"delta":1,"reason":"r"}'
try "$front" GET '/v1/imports?limit=5&cursor=x'
try "$front" GET "/v1/imports/$order*"
try "$front" GET "/v1/imports/$order?limit=5&cursor=x"
try "$front" POST '/v1/imports' "$import"
try "$front" POST "/v1/imports/$order*/undo"
try "$front" POST '/v1/accounts' '{"name":"carl","password":"a room with a view"}'
try "$front" GET "/v1/accounts?after=$order&limit=5"
try "$front" GET '/v1/accounts/bob*'
try "$front" PATCH '/v1/accounts/bob*' '{"role":"customer"}'
try "$front" PATCH '/v1/accounts/bob' '{"role":"customer","state":"active"}'
try "$front" POST '/v1/tokens' "{\"account\":\"bob\",\"password\":\"$password\",\"name\":\"n\",\"scopes\":[\"read\"]}"
try "$front" GET "/v1/tokens?after=$order&limit=5"
try "$front" DELETE "/v1/tokens/$order*"
try "$front" GET '/v1/me' '' 'X-Request-Id: r*'
try "$front" GET '/v1/store?x=1*'
try "$front" PUT '/v1/me/password' '{"old":"no horse battery staple","new":"another view of the sea"}'
try "$catalog" POST '/v1/reservations' "{\"reservations\":[{\"id\":\"$order\",\"lines\":[{\"book_id\":5,\"quantity\":1}]}]}"
try "$catalog" DELETE "/v1/reservations/$order*"
# By itself sqlmap leaves out what is called a token; "*" has it tried.
try "$account" POST '/v1/introspect' '{"token":"bzr_*"}'

# look FILE OPTION... writes what sqlmap says of a request to FILE.txt.
look() {
	local file=$1
	shift
	timeout 300 "$sqlmap" -r "$file" --batch --ignore-stdin --disable-coloring --dbms sqlite --level "${LEVEL:-1}" --risk "${RISK:-1}" \
		--timeout 10 --retries 1 --time-sec 2 --ignore-code 400,401,403,404,409,413,415,422,429 \
		--output-dir "$file.out" "$@" > "$file.txt" 2>&1 < /dev/null || true
}
# injectable FILE says whether sqlmap found a way in; 2 if it did not come to its
# end.
injectable() {
	if grep -q 'identified the following injection point' "$1.txt"; then
		return 0
	elif grep -q 'all tested parameters do not appear to be injectable' "$1.txt"; then
		return 1
	fi
	return 2
}

failed=0
listen weak python3 test/sqlmap/weak.py
weak=$port
mkdir "$tmp/controls"
printf 'GET /books?id=3 HTTP/1.1\nHost: 127.0.0.1:%s\n\n' "$weak" > "$tmp/controls/query"
printf 'GET /books/3* HTTP/1.1\nHost: 127.0.0.1:%s\n\n' "$weak" > "$tmp/controls/path"
printf 'POST /books HTTP/1.1\nHost: 127.0.0.1:%s\nContent-Type: application/json\n\n{"id":"3"}' "$weak" > "$tmp/controls/body"
for place in query path body; do
	look "$tmp/controls/$place"
	if injectable "$tmp/controls/$place"; then
		echo "ok   a weak server is found out by its $place"
	else
		echo "FAIL a weak server is not found out by its $place:"
		tail -n 8 "$tmp/controls/$place.txt"
		failed=1
	fi
done

# One after the other: what two of them change at a time looks to sqlmap like an
# answer to what it tried.
for file in "$tmp"/requests/${ONLY:-??}; do
	look "$file"
done
parameters=0
for file in "$tmp"/requests/${ONLY:-??}; do
	what=$(head -n 1 "$file" | cut -d' ' -f1,2)
	tested=$(grep -c "does not seem to be injectable" "$file.txt" || true)
	parameters=$((parameters + tested))
	status=0
	injectable "$file" || status=$?
	if ((status == 1 && tested > 0)); then
		echo "ok   $what: $tested parameters"
		continue
	fi
	if ((status == 0)); then
		echo "FAIL $what (${file##*/}) is injectable:"
		sed -n '/^---/,/^---/p' "$file.txt"
	else
		echo "FAIL $what (${file##*/}): sqlmap did not come to its end:"
		tail -n 8 "$file.txt"
	fi
	failed=1
done
echo "$requests requests, $parameters parameters"
for name in account catalog order frontend; do
	if grep -q '"status":50[0-2]\|"msg":"panic"' "$tmp/$name.log"; then
		echo "FAIL $name failed:"
		grep -m 5 '"status":50[0-2]\|"msg":"panic"' "$tmp/$name.log"
		failed=1
	fi
done
exit "$failed"
