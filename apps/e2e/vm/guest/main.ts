// The tests that run inside the guest, in this order.
import './host.ts';
import './containers.ts';
import './apparmor.ts';
import './limits.ts';
import './control-groups.ts';
import './ports.ts';
import './networks.ts';
import './volumes.ts';
import './survival.ts';
import './leftovers.ts';
