#!/bin/busybox sh
# The first process of the guest: loads the modules, and becomes the first process on the disk.
/bin/busybox mkdir -p /dev /disk
/bin/busybox mount -t devtmpfs dev /dev
while read -r module; do /bin/busybox insmod "/modules/$module"; done </modules/order
/bin/busybox mount -t ext4 -o noatime,prjquota /dev/vda /disk
/bin/busybox mount --move /dev /disk/dev
exec /bin/busybox switch_root /disk /sbin/init
