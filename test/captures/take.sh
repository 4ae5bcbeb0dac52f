#!/bin/bash
# Takes the captures of this folder again: ./take.sh CASE > CASE.hex   (as root; needs iproute2, tcpdump and the daemon)
# The daemon runs in one network namespace, tcpdump in another, a veth pair between them; both are gone afterwards.
# A .hex file holds, for each frame, a line "# NAME", then tcpdump's own reading of it and its bytes.
set -euo pipefail
case=${1:?usage: take.sh keepalived-v2-ipv4|keepalived-v3-ipv4|keepalived-v3-ipv6|frr-v3-ipv4|frr-v3-ipv6}
work=$(mktemp -d)
chmod 755 "$work"
speaker=hf-speaker-$$ listener=hf-listener-$$
declare -A pids=()

stop() { # NAME SIGNAL: ends one of our own processes and waits for it
  local pid=${pids[$1]:-}
  [ -n "$pid" ] || return 0
  kill "-$2" "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  unset "pids[$1]"
}
clean() {
  for name in "${!pids[@]}"; do stop "$name" KILL; done
  ip netns delete "$speaker" 2>/dev/null || true
  ip netns delete "$listener" 2>/dev/null || true
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

in_speaker() { ip netns exec "$speaker" "$@"; }
start() { # NAME COMMAND...: exec keeps the pid that $! names
  local name=$1
  shift
  (exec ip netns exec "$speaker" "$@") >"$work/$name.log" 2>&1 &
  pids[$name]=$!
}

ip netns add "$speaker"
ip netns add "$listener"
ip link add hf0 netns "$speaker" address 02:00:00:00:00:0a type veth peer name hf0 netns "$listener" address 02:00:00:00:00:0b
for ns in "$speaker" "$listener"; do
  ip -n "$ns" link set lo up
  ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.hf0.accept_dad=0
  ip -n "$ns" link set hf0 up
done
ip -n "$speaker" address add 192.0.2.10/24 dev hf0
ip -n "$speaker" address add 2001:db8::a/64 dev hf0
ip netns exec "$listener" tcpdump --immediate-mode -U -n -i hf0 -w "$work/pcap" 'proto 112 or ip6 proto 112 or arp or icmp6' 2>"$work/tcpdump.log" &
pids[tcpdump]=$!

read_frames() { tcpdump -n -v -e -t -r "$work/pcap" "$@" 2>/dev/null; }
await() { # FILTER: until such a frame has been seen, 30 s at most
  for _ in $(seq 300); do
    [ -n "$(read_frames -c 1 "$1")" ] && return
    sleep 0.1
  done
  echo "take.sh: no frame matches: $1" >&2
  tail -n 20 "$work"/*.log >&2
  exit 1
}
frame() { # NAME FILTER: prints the first such frame
  await "$2"
  echo "# $1"
  read_frames -c 1 -xx "$2" | sed '/^\t0x/!s/^/# /'
}
for _ in $(seq 100); do grep -q '^listening' "$work/tcpdump.log" && break || sleep 0.1; done

keepalived_instance() { # NAME VRID PRIORITY INTERVAL ADDRESSES [MORE]
  printf 'vrrp_instance %s {\n interface hf0\n state MASTER\n virtual_router_id %s\n priority %s\n advert_int %s\n %s\n virtual_ipaddress {\n' \
    "$1" "$2" "$3" "$4" "${6:-}" >>"$work/conf"
  printf '  %s\n' $5 >>"$work/conf"
  printf ' }\n}\n' >>"$work/conf"
}
keepalived() { # VERSION
  printf 'global_defs {\n vrrp_version %s\n}\n' "$1" | cat - "$work/conf" >"$work/keepalived.conf"
  start keepalived keepalived --vrrp --dont-fork --log-console --log-detail --use-file "$work/keepalived.conf" --pid "$work/keepalived.pid" --vrrp_pid "$work/vrrp.pid"
}
frr() { # LINES of VRID 51
  { echo 'interface hf0' && printf ' vrrp 51 %s\n' "$@"; } >"$work/frr.conf"
  install -d -o frr -g frr "$work/frr" # both daemons drop to this user
  local options=(-z "$work/frr/zserv.api" --vty_socket "$work/frr" --log stdout)
  start zebra /usr/lib/frr/zebra "${options[@]}" -i "$work/frr/zebra.pid" -f /dev/null
  for _ in $(seq 100); do [ -S "$work/frr/zserv.api" ] && break || sleep 0.1; done
  start frr /usr/lib/frr/vrrpd "${options[@]}" -i "$work/frr/vrrpd.pid" -f "$work/frr.conf"
}

# The VRID is byte 1 of the message and its priority byte 2; over IPv6 the message begins at byte 40 of the packet.
case $case in
  keepalived-v3-ipv4)
    keepalived_instance one 51 150 1 192.0.2.200/24
    keepalived_instance several 52 100 0.1 '192.0.2.201/24 192.0.2.202/24 203.0.113.7/32'
    keepalived_instance owner 255 255 40.95 192.0.2.203/24
    keepalived 3
    await 'ip proto 112 and ip[21] = 51'
    frame one 'ip proto 112 and ip[21] = 51 and ip[22] != 0'
    frame several 'ip proto 112 and ip[21] = 52 and ip[22] != 0'
    frame owner 'ip proto 112 and ip[21] = 255 and ip[22] != 0'
    frame garp 'arp and arp[14:4] = 0xc00002c8'
    stop keepalived TERM
    frame one-leaves 'ip proto 112 and ip[21] = 51 and ip[22] = 0'
    frame several-leaves 'ip proto 112 and ip[21] = 52 and ip[22] = 0'
    ;;
  keepalived-v2-ipv4)
    keepalived_instance one 51 150 1 192.0.2.200/24
    keepalived_instance several 52 100 2 '192.0.2.201/24 192.0.2.202/24'
    keepalived_instance password 53 200 1 192.0.2.203/24 $'authentication {\n  auth_type PASS\n  auth_pass opensesa\n }'
    keepalived 2
    frame one 'ip proto 112 and ip[21] = 51 and ip[22] != 0'
    frame several 'ip proto 112 and ip[21] = 52 and ip[22] != 0'
    frame password 'ip proto 112 and ip[21] = 53 and ip[22] != 0'
    frame garp 'arp and arp[14:4] = 0xc00002c8'
    stop keepalived TERM
    frame one-leaves 'ip proto 112 and ip[21] = 51 and ip[22] = 0'
    ;;
  keepalived-v3-ipv6)
    keepalived_instance one 51 150 1 'fe80::200/64 2001:db8::200/64'
    keepalived 3
    frame one 'ip6 proto 112 and ip6[42] != 0'
    frame unsolicited-na 'icmp6 and ip6[40] = 136 and ip6[62:2] = 0x0200 and ip6[48:4] = 0x20010db8'
    stop keepalived TERM
    frame one-leaves 'ip6 proto 112 and ip6[42] = 0'
    ;;
  frr-v3-ipv4)
    in_speaker ip link add hf1 link hf0 address 00:00:5e:00:01:33 type macvlan mode bridge
    in_speaker ip address add 192.0.2.200/24 dev hf1
    in_speaker ip address add 192.0.2.201/24 dev hf1
    in_speaker ip link set hf1 up
    frr 'version 3' 'priority 200' 'advertisement-interval 100' 'ip 192.0.2.200' 'ip 192.0.2.201'
    frame several 'ip proto 112 and ip[21] = 51 and ip[22] != 0'
    frame garp 'arp and arp[14:4] = 0xc00002c8 and ether src 00:00:5e:00:01:33'
    stop frr TERM
    frame several-leaves 'ip proto 112 and ip[21] = 51 and ip[22] = 0'
    ;;
  frr-v3-ipv6)
    in_speaker ip link add hf1 link hf0 address 00:00:5e:00:02:33 type macvlan mode bridge
    in_speaker ip address add 2001:db8::200/64 dev hf1
    in_speaker ip link set hf1 up
    frr 'version 3' 'priority 200' 'ipv6 2001:db8::200'
    frame one 'ip6 proto 112 and ip6[42] != 0'
    stop frr TERM
    frame one-leaves 'ip6 proto 112 and ip6[42] = 0'
    ;;
  *)
    echo "take.sh: no such case: $case" >&2
    exit 2
    ;;
esac
