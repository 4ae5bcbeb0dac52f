#!/bin/sh
# The first process of a machine with a real systemd: makes its root file system and becomes systemd (see systemd.ts, which
# starts it in namespaces of its own). Must not know what runs there. Nothing of the real machine can be written from inside:
# programs come from a read-only /usr, and all else is memory that vanishes with the last process.
# usage: systemd.sh NAME PROJECT SHARED "UNIT ..." "ETC ..." TREE
# TREE: a system of its own (debootstrap) in the place of this machine's /usr and /etc; empty: none
set -eu
name=$1 project=$2 shared=$3 units=$4 etc=$5 tree=$6
root=$shared/systemd-$name
mkdir "$root"
mount -t tmpfs -o mode=755,size=512m lab "$root"
cd "$root"

mkdir usr proc sys dev etc run tmp var root mnt
mount --bind "$tree/usr" usr
mount -o remount,bind,ro usr
for link in bin sbin lib lib64; do ln -s "usr/$link" "$link"; done

# As containers have it: of the kernel's settings only those of the network can be changed, which are this namespace's own.
mount -t proc proc proc
mount --bind proc/sys/net mnt
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --move mnt proc/sys/net
[ ! -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger
# Of this network namespace; writable, as systemd makes its cgroups below, in a cgroup namespace of its own.
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 dev dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
# No kmsg and no console: what is said in here must not appear in the log of the real kernel.
mkdir dev/pts dev/shm
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp

if [ -n "$tree" ]; then cp -a "$tree/etc/." etc/; fi
for each in passwd group nsswitch.conf ld.so.cache alternatives $etc; do
  [ -e "etc/$each" ] || [ ! -e "/etc/$each" ] || { mkdir -p "etc/$(dirname "$each")" && cp -a "/etc/$each" "etc/$each"; }
done
echo "$name" >etc/hostname
echo "127.0.0.1 localhost $name" >etc/hosts
echo 0123456789abcdef0123456789abcdef >etc/machine-id
mkdir -p run/lock run/log/journal var/lib/systemd var/tmp var/log/nginx var/lib/nginx var/www/html
echo "$name" >var/www/html/index.html
chmod 1777 var/tmp
ln -s ../run var/run
ln -s ../run/lock var/lock

# Only the units that were asked for, as they are shipped, and none that would look for hardware.
mkdir "$root/mnt/units" "$root/mnt/none" "$root/mnt/local" "$root/mnt/local/bin"
for unit in $units; do cp -a "$tree/usr/lib/systemd/system/$unit" mnt/units/; done
[ ! -e "$project/dist/holdfast" ] || ln -s "$project/dist/holdfast" mnt/local/bin/holdfast
mount --bind mnt/units usr/lib/systemd/system
mount --bind mnt/none usr/lib/systemd/system-generators
mount --bind mnt/local usr/local
mkdir -p etc/systemd/system
cat >etc/systemd/system/lab.target <<'UNIT'
[Unit]
Description=everything that a laboratory needs
Requires=basic.target
Wants=dbus.service systemd-journald.service
After=basic.target dbus.service
AllowIsolate=yes
UNIT

# Sources, executable and node, and the folder that both sides see; at the paths that they have outside.
for each in "$project" "$shared"; do
  mkdir -p "$root$each"
  mount --bind "$each" "$root$each"
done
mount -o remount,bind,ro "$root$project"

pivot_root . mnt
umount -l /mnt
hostname "$name"
# What no namespace keeps apart.
set -- setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio,-syslog,-audit_control,-mac_admin,-mac_override
exec "$@" env -i container=holdfast-lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/lib/systemd/systemd --unit=lab.target --show-status=no
