#!/usr/bin/env bash
# Runs the store in containers, on the Docker engine of this machine: builds the
# images, brings them up, tries what TLS and accounts have to keep out, kills each
# container while a crowd buys, and runs the Docker commands of README.md and
# docs/operations.md as they stand. Needs no
# image registry: as root, with debootstrap, it makes the base images of this
# machine's own Debian mirror and Go; else it takes those of the Dockerfile, or
# what BUILD_IMAGE and ROOT_IMAGE name.
# What it made it removes again.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing() {
	echo "$1"
	[[ ${CI:-} != true ]] || exit 1
	echo "skipped"
	exit 0
}
docker info > /dev/null 2>&1 || missing "there is no Docker engine here"
composes=()
! docker compose version > /dev/null 2>&1 || composes+=("docker compose")
! docker-compose version > /dev/null 2>&1 || composes+=("docker-compose")
((${#composes[@]})) || missing "there is no Docker Compose here"

# Everything is called after this run, so that nothing else is touched.
run=bazar-test-$$
made=$run=yes # a label
servers=(account catalog order bazar)
# Where servers listen for each other.
inner=(account:8083 catalog:8081 order:8082 bazar:8080)
url=https://localhost:8443
export COMPOSE_PROJECT_NAME=$run BAZAR_VERSION=$run
tmp=$(mktemp -d)
context=$tmp/context # a checkout of its own, because vendor/ changes what Go does

clean_up() {
	local status=$?
	set +e
	trap - EXIT
	remove container --all | xargs -r docker rm --force --volumes
	remove volume | xargs -r docker volume rm
	remove network | xargs -r docker network rm
	docker image rm --force bazar{,-certs,-account,-order,-catalog}:"$run" "$run"-build "$run"-root
	docker image prune --force --filter "label=$made"
	umount "$tmp/debian"
	rm -rf --one-file-system "$tmp"
	exit "$status"
} > /dev/null 2>&1
remove() { docker "$1" ls "${@:2}" --quiet --filter "label=com.docker.compose.project=$run"; }
trap clean_up EXIT
trap 'exit 130' INT TERM

passed=0
failed=0
# check runs a command, which may be a function, and says what became of it.
check() {
	local what=$1 start=$SECONDS status
	shift
	set +e
	(
		set -e
		"$@"
	) > "$tmp/output" 2>&1
	status=$?
	set -e
	if ((status == 0)); then
		passed=$((passed + 1))
		echo "ok    $what ($((SECONDS - start)) s)"
		sed -n 's/^measured: /      /p' "$tmp/output"
	else
		failed=$((failed + 1))
		echo "FAIL  $what"
		tail -n 60 "$tmp/output" | sed 's/^/      /'
	fi
}
# refused holds that a command fails: after a mere "!" the shell would go on.
refused() {
	if "$@"; then
		echo "not refused: $*"
		return 1
	fi
}
# must checks what all the rest needs.
must() {
	check "$@"
	((failed == 0)) || finish
}
finish() {
	echo "$passed passed, $failed failed"
	exit $((failed > 0))
}

# --- what is built, and of what

make_context() {
	git ls-files -z --cached --others --exclude-standard | xargs -0 tar -c | tar -x -C "$context"
	(cd "$context" && go mod vendor)
	# Two thirds of it are for other systems, and Docker copies all of it at each build.
	find "$context/vendor" -regextype egrep -regex '.*_(windows|darwin|(free|net|open)bsd|illumos)(_.*)?\.go' -delete
	CGO_ENABLED=0 go build -o "$tmp/bin/" ./cmd/bazar-cli ./test/docker
	mv "$tmp/bin/bazar-cli" "$tmp/bin/bazar"
	mv "$tmp/bin/docker" "$tmp/crowd"
}

# install_debian installs Debian as this machine has it, from where its apt does.
install_debian() {
	local suite mirror
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # apt's own variables
	mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$suite" '$1 == suite && !found { found = $2 } END { print found }')
	mkdir "$tmp/debian"
	# dpkg syncs every file; in memory that costs nothing.
	mount -t tmpfs tmpfs "$tmp/debian" || echo "on disk, then"
	debootstrap --variant=minbase --include=ca-certificates,tzdata,curl "$suite" "$tmp/debian" "$mirror"
	rm -rf "$tmp"/debian/var/cache/apt/archives/*.deb "$tmp"/debian/var/lib/apt/lists/*
}

import_bases() {
	tar -C "$tmp/debian" -c . | docker import --change "LABEL $made" - "$run"-root
	# The same with Go: only its names do not begin with a dot.
	tar -c --transform 'flags=r;s,^[^.],usr/local/go/&,' -C "$tmp/debian" . \
		-C "$(go env GOROOT)" --exclude=src/cmd/*/testdata bin lib pkg src VERSION go.env |
		docker import --change "LABEL $made" --change "ENV GOTOOLCHAIN=local" \
			--change "ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
			- "$run"-build
}

prepare() {
	local debian
	if [[ $own_bases == no ]]; then
		make_context
		return
	fi
	install_debian &
	debian=$!
	make_context
	wait "$debian"
	import_bases
}

build() { docker compose -f docker/compose.yaml build; }

# --- what must hold

image_is() {
	local image=$1 limit=$2 size
	size=$(docker image inspect --format '{{.Size}}' "$image:$run")
	echo "measured: $image: $((size / 1000000)) MB"
	((size <= limit * 1000000))
	docker image inspect --format '{{.Config.User}} {{json .Config.Healthcheck}} {{json .Config.Labels}}' "$image:$run" > "$tmp/image"
	grep '^65532:65532 .*"org.opencontainers.image.revision"' "$tmp/image"
	[[ $image == bazar-certs ]] || grep '"healthcheck"' "$tmp/image"
	docker run --rm "$image:$run" version | grep " $run go"
}

id() { docker compose -f docker/compose.yaml ps --all --quiet "$1"; }

healthy() {
	local service
	for service in "${servers[@]}"; do
		timeout 60 sh -c 'until [ "$(docker inspect --format "{{.State.Health.Status}}" "$1")" = healthy ]; do sleep 0.1; done' - "$(id "$service")"
	done
}

up() {
	local start=${EPOCHREALTIME/./}
	docker compose -f docker/compose.yaml up --detach
	healthy
	echo "measured: all healthy after $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
	docker cp "$(id bazar):/certs/ca.pem" "$tmp/ca.pem"
}

facts() { docker inspect --format "$2" "$(id "$1")"; }

confined() {
	local service restart pid
	for service in certs "${servers[@]}"; do
		restart=unless-stopped
		[[ $service != certs ]] || restart=no
		[[ $(facts "$service" '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.RestartPolicy.Name}}') == "true [ALL] [no-new-privileges:true] $restart" ]]
		[[ $(facts "$service" '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}') == "536870912 1000000000 256" ]]
		[[ $service != certs ]] || continue
		pid=$(facts "$service" '{{.State.Pid}}')
		[[ ! -r /proc/$pid/status ]] || grep -P '^Uid:\t65532\t65532\t65532\t65532$' "/proc/$pid/status"
	done
	[[ $(facts certs '{{.HostConfig.NetworkMode}} {{.State.Status}} {{.State.ExitCode}}') == "none exited 0" ]]
	[[ $(docker network inspect --format '{{.Internal}}' "${run}_services") == true ]]
	remove container --all | xargs docker inspect --format '{{.Name}} {{json .HostConfig.PortBindings}}' > "$tmp/ports"
	cat "$tmp/ports"
	[[ $(grep -c . "$tmp/ports") == 5 && $(grep -o HostPort "$tmp/ports") == HostPort ]]
	grep '_bazar_\|-bazar-' "$tmp/ports" | grep -F '"HostIp":"127.0.0.1","HostPort":"8443"'
}

no_insecurity() {
	local service
	refused grep -nie insecure -e 'http:' docker/compose.yaml
	for service in "${servers[@]}"; do
		docker logs "$(id "$service")" > "$tmp/said" 2>&1
		grep '"msg":"ready".*"tls":true' "$tmp/said"
		refused grep -i insecure "$tmp/said"
	done
}

# within runs a command on the services' network, with what a server has in
# /certs, and what another CA made in /other.
within() {
	docker run --rm --network "${run}_services" --volume "${run}_$1-certs:/certs:ro" --volume "$run-other:/other:ro" \
		"${BUILD_IMAGE:-golang:1.26}" "${@:2}"
}

status_of() { curl -s -o /dev/null -w '%{http_code}' "$@"; }

plaintext_is_refused() {
	local address
	[[ $(status_of http://127.0.0.1:8443/v1/store) == 400 ]]
	curl -s http://127.0.0.1:8443/v1/store | grep 'HTTP request to an HTTPS server'
	refused curl -sS --tls-max 1.2 --cacert "$tmp/ca.pem" "$url/v1/store"
	for address in "${inner[@]}"; do
		within frontend curl -s "http://$address/v1/store" | grep 'HTTP request to an HTTPS server'
		within frontend curl -s --cacert /certs/ca.pem --cert /certs/frontend.pem --key /certs/frontend-key.pem \
			-o /dev/null -w '%{http_code}\n' "https://$address/v1/nothing" | grep 404
	done
}

other_authorities_are_refused() {
	local address status=0
	docker volume create --label "com.docker.compose.project=$run" "$run-other"
	docker run --rm --network none --volume "$run-other:/ca" "bazar-certs:$run" certs init /ca
	bazar certs init "$tmp/other"
	curl -sS --cacert "$tmp/other/ca.pem" "$url/v1/store" || status=$?
	((status == 60))
	status=0
	BAZAR_CA_FILE=$tmp/other/ca.pem bazar info 2 || status=$?
	((status == 6))
	# Servers refuse its certificates, whatever name is in them.
	for address in "${inner[@]:0:3}"; do
		within catalog curl -fsS --cacert /certs/ca.pem --cert /certs/catalog.pem --key /certs/catalog-key.pem "https://$address/" || status=$?
		((status == 22)) # 404: there is nothing, and it says so
		refused within catalog curl -fsS --cacert /certs/ca.pem --cert /other/order.pem --key /other/order-key.pem "https://$address/"
		docker logs "$(id "${address%:*}")" 2>&1 | grep 'certificate signed by unknown authority'
	done
}

servers_see_their_own_keys_alone() {
	local service name
	for service in "${servers[@]}"; do
		name=${service/bazar/frontend}
		[[ $(within "$name" ls -A /certs | paste -sd' ') == "$( (echo ca.pem; echo "$name-key.pem"; echo "$name.pem") | sort | paste -sd' ')" ]]
		[[ $(within "$name" stat -c '%a %u' "/certs/$name-key.pem") == "600 65532" ]]
		[[ $(facts "$service" '{{range .Mounts}}{{.Name}} {{.RW}} {{end}}' | grep -o "${run}_[a-z-]*certs .[a-z]*") == "${run}_$name-certs false" ]]
		refused grep -F "${run}_ca " <<< "$(facts "$service" '{{range .Mounts}}{{.Name}} {{end}}')"
	done
}

# Nobody but the order service gets as far as being told that there is nothing
# in the request.
order_alone_reserves() {
	local name try=(curl -s -o /dev/null -w '%{http_code}' --cacert /certs/ca.pem -X POST
		-H 'Content-Type: application/json' -d '{"reservations":[]}' https://catalog:8081/v1/reservations)
	for name in account catalog frontend; do
		[[ $(within "$name" "${try[@]}" --cert "/certs/$name.pem" --key "/certs/$name-key.pem") == 403 ]]
	done
	[[ $(within frontend "${try[@]}" --cert /certs/frontend.pem --key /certs/frontend-key.pem \
		-H "Authorization: Bearer $(cat "$tmp/root.token")") == 403 ]]
	# Without a certificate there is no handshake.
	[[ $(within order "${try[@]}") == 000 ]]
	[[ $(within order "${try[@]}" --cert /certs/order.pem --key /certs/order-key.pem) == 400 ]]
}

# as runs a command of somebody else's.
as() { XDG_STATE_HOME=$tmp/state-$1 "${@:2}"; }

people() {
	local status=0
	[[ $(status_of --cacert "$tmp/ca.pem" -X POST "$url/purchase/3") == 401 ]]
	bazar buy 3 || status=$?
	((status == 4))
	echo 'a room with a view of the sea' > "$tmp/root.password"
	echo 'the sea has a view of the room' > "$tmp/ada.password"
	chmod 600 "$tmp"/*.password
	docker compose -f docker/compose.yaml exec -T account account admin create root < "$tmp/root.password"
	bazar login root --password-stdin < "$tmp/root.password"
	refused bazar register eve --password-stdin < "$tmp/ada.password"
	bazar accounts add ada --password-stdin < "$tmp/ada.password"
	as ada bazar login ada --password-stdin < "$tmp/ada.password"
	touch "$tmp"/{ada,root}.token
	chmod 600 "$tmp"/*.token
	as ada bazar token create crowd --fields secret --password-stdin < "$tmp/ada.password" > "$tmp/ada.token"
	bazar token create crowd --fields secret --password-stdin < "$tmp/root.password" > "$tmp/root.token"
	as ada bazar search distributed-systems | grep -P '^2\tRPCs for Dummies'
	as ada bazar info 2 | grep 'RPCs for Dummies'
	as ada bazar buy 3 | grep confirmed
	refused as ada bazar price 3 1
	[[ $(status_of --cacert "$tmp/ca.pem" -X POST -H "Authorization: Bearer $(cat "$tmp/ada.token")" "$url/purchase/3") == 20? ]]
}

kills() {
	local crash=() book names
	# Another's process is root's to kill, and this machine's only where the engine is on it.
	((EUID != 0)) || ! kill -0 "$(docker inspect --format '{{.State.Pid}}' "$(id catalog)")" || crash=(-crash)
	for book in 1 3 4; do
		bazar stock set "$book" 1000000
	done
	names=$(for book in "${servers[@]}"; do facts "$book" '{{.Name}}'; done | tr -d / | paste -sd,)
	"$tmp/crowd" "${crash[@]}" -url "$url" -ca "$tmp/ca.pem" -buyer "$tmp/ada.token" -keeper "$tmp/root.token" -kill "$names" > "$tmp/crowd.log"
	sed 's/^/measured: /' "$tmp/crowd.log"
	healthy
	bazar audit
}

contents() {
	as ada bazar orders list --all -o tsv | sort
	bazar accounts list -o tsv
	for book in 1 2 3 4; do bazar info "$book" --fields id,stock -o tsv; done
}

nothing_is_lost() {
	cp "$tmp/ca.pem" "$tmp/ca-before.pem"
	contents > "$tmp/before"
	docker compose -f docker/compose.yaml down
	up
	contents > "$tmp/after"
	echo "measured: $(wc -l < "$tmp/before") rows as before"
	[[ $(wc -l < "$tmp/before") -gt 100 ]]
	cmp "$tmp/before" "$tmp/after"
	cmp "$tmp/ca-before.pem" "$tmp/ca.pem"
	as ada bazar buy 3 | grep confirmed
	BAZAR_TOKEN_FILE=$tmp/ada.token bazar buy 3 | grep confirmed
	bazar login root --password-stdin < "$tmp/root.password"
}

started() {
	local service
	for service in "${servers[@]}"; do facts "$service" '{{.Id}} {{.State.StartedAt}}'; done
}
delivered() {
	local name
	for name in account catalog order frontend; do within "$name" sha256sum "/certs/$name.pem"; done
}

# One certificate is lost, another lacks a host: the next `up` makes both anew, and
# the servers that run take them as they run.
certificates_are_renewed() {
	local there=(--resolve books.example.org:8443:127.0.0.1 --cacert "$tmp/ca.pem" -sS https://books.example.org:8443/v1/store) old new
	started > "$tmp/started"
	delivered > "$tmp/delivered"
	up
	delivered | cmp - "$tmp/delivered"
	refused curl "${there[@]}"
	docker run --rm --volume "${run}_ca:/ca" "${ROOT_IMAGE:-debian:bookworm-slim}" rm /ca/order.pem /ca/order-key.pem
	export BAZAR_HOST=books.example.org
	old=$(served_by_order)
	up
	unset BAZAR_HOST
	delivered > "$tmp/delivered-now"
	(diff "$tmp/delivered" "$tmp/delivered-now" || true) | grep '^>' | paste -sd' ' | grep -P '^\S+ \S+ +/certs/order.pem > \S+ +/certs/frontend.pem$'
	new=$(served_by_order)
	[[ -n $old && -n $new && $new != "$old" ]]
	curl "${there[@]}"
	as ada bazar buy 3 | grep confirmed
	started | cmp - "$tmp/started"
}
served_by_order() {
	within frontend curl -s --cacert /certs/ca.pem --cert /certs/frontend.pem --key /certs/frontend-key.pem \
		-o /dev/null -w '%{certs}' https://order:8082/v1/me | sha256sum
}

both_composes() {
	local compose
	for compose in "${composes[@]}"; do
		$compose -f docker/compose.yaml config --quiet
		$compose -f docker/compose.yaml up --detach
		docker cp "$(id bazar):/certs/ca.pem" "$tmp/ca.pem"
		timeout 60 sh -c 'until curl -fs --cacert "$1" "$2/v1/store"; do sleep 0.2; done' - "$tmp/ca.pem" "$url"
		$compose -f docker/compose.yaml down --volumes
		echo "measured: with $compose $($compose version --short)"
	done
}

# document runs what a document tells to type into Docker, as one person types it.
document() {
	awk '/^```sh$/ { block = ""; inside = 1; next }
		/^```$/ { if (inside && block ~ /(^|\n)docker /) printf "%s", block; inside = 0 }
		inside { block = block $0 "\n" }' "$1" > "$tmp/typed"
	[[ -s $tmp/typed ]]
	timeout 300 sh -eux "$tmp/typed"
}

down() { docker compose -f docker/compose.yaml down --volumes; }

# --- the run

mkdir -p "$tmp/bin" "$context"
own_bases=no
if [[ -z ${BUILD_IMAGE:-}${ROOT_IMAGE:-} ]] && ((EUID == 0)) && command -v debootstrap > /dev/null; then
	own_bases=yes
fi
must "base images, the checkout with its modules, programs" prepare
if [[ $own_bases == yes ]]; then
	export BUILD_IMAGE=$run-build ROOT_IMAGE=$run-root
fi
BAZAR_REVISION=$(git rev-parse HEAD)
export BAZAR_REVISION
if [[ ${composes[0]} != "docker compose" ]]; then
	engine=$(command -v docker)
	printf '#!/bin/sh\nif [ "$1" = compose ]; then shift; exec docker-compose "$@"; fi\nexec %s "$@"\n' "$engine" > "$tmp/bin/docker"
	chmod +x "$tmp/bin/docker"
fi
export PATH=$tmp/bin:$PATH XDG_CONFIG_HOME=$tmp/config XDG_DATA_HOME=$tmp/data XDG_STATE_HOME=$tmp/state
cd "$context"
export BAZAR_URL=$url BAZAR_CA_FILE=$tmp/ca.pem

must "images build" build
for image in bazar-catalog bazar-order bazar-account; do
	check "image $image" image_is "$image" 30
done
for image in bazar bazar-certs; do
	check "image $image" image_is "$image" 40
done
must "up" up
check "containers are confined, and one port is published" confined
check "no --insecure, and TLS everywhere" no_insecurity
check "certificates of another CA are refused" other_authorities_are_refused
check "plaintext is refused" plaintext_is_refused
check "each server sees its own key alone" servers_see_their_own_keys_alone
must "the first admin, a customer: log in, search, info, buy" people
check "the order service alone reserves" order_alone_reserves
check "killing each container loses nothing" kills
check "the next up renews certificates while servers run" certificates_are_renewed
check "down and up loses nothing" nothing_is_lost
check "down" down
((${#composes[@]} < 2)) || check "each Compose there is" both_composes
unset BAZAR_URL BAZAR_CA_FILE
check "README.md" document README.md
check "down, with the volumes" down
check "docs/operations.md" document docs/operations.md
check "down at last" down
finish
