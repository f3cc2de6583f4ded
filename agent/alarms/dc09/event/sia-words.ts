/** The event codes of SIA DC-03 in words, what their number stands for, and the Contact ID code of the same meaning. */

/** code|category|what the number names|Contact ID with qualifier, if any|words. */
const single = `
AB|other|zone|1406|Report aborted by user
AN|fire|zone|3385|Fire sensor back to normal
AR|trouble|none|3301|Mains power back
AS|fire|zone|1393|Fire sensor needs service
AT|trouble|none|1301|Mains power lost
BC|open-close|user|1406|Burglary alarm cancelled
BD|trouble|zone|1377|Zone tripped too often
BE|trouble|zone|3377|Zone that tripped too often is normal
BG|burglary|zone|1378|Burglary not confirmed
BM|burglary|zone|1139|Burglary confirmed by second zone
BV|burglary|area|1139|Burglary confirmed
BX|test|zone|1611|Burglary zone tested
BZ|supervision|zone|1381|Sensor missing
CA|open-close|area|3403|Closed automatically
CD|open-close|area|1454|Not closed on time
CE|open-close|user|1464|Closing time extended
CF|open-close|user|3450|Closed with zones open
CG|open-close|area|3402|Area closed
CI|open-close|area|1454|Failed to close
CJ|open-close|user|3452|Closed late
CK|open-close|user|3451|Closed early
CL|open-close|user|3401|Closed
CM|supervision|zone||Sensor missing just after closing
CP|open-close|user|3403|Closed automatically
CQ|open-close|user|3407|Closed remotely
CR|open-close|user|1459|Alarm just after closing
CS|open-close|zone|3409|Closed by key switch
CT|open-close|area|1453|Not opened on time
CW|open-close|area|3450|Forced closing
CZ|open-close|zone||Zone closed
DA|access|user||Card added
DB|access|user||Card removed
DC|access|zone||Door closed to everybody
DD|access|zone|1421|Access denied, code unknown
DE|access|zone||Request to enter
DF|access|zone|1423|Door forced
DG|access|zone|1422|Access granted
DH|access|zone|3426|Door closed again
DI|access|zone||Access denied, passback
DJ|access|zone|1427|Door forced, trouble
DK|access|zone|1421|Access denied, locked out
DL|access|zone|1426|Door left open, alarm
DM|access|zone|1426|Door left open, trouble
DN|access|zone||Door left open
DO|access|zone||Door open to authorised people
DP|access|zone||Access denied at this time
DQ|access|zone||Access denied while armed
DR|access|zone|3423|Door normal
DT|trouble|none|1427|Access system trouble
DX|access|zone|1425|Request to exit
EA|burglary|zone|1374|Exit zone open after exit delay
EE|open-close|user|1457|Exit error
EJ|burglary|zone|3145|Module tamper restored
EM|supervision|zone|1143|Module missing
EN|supervision|zone|3143|Module back
ER|trouble|zone|3333|Module trouble restored
ES|burglary|zone|1145|Module tampered with
ET|trouble|zone|1333|Module trouble
FC|fire|zone|1406|Fire alarm cancelled
FG|fire|zone|1378|Fire not confirmed
FI|test|area|1604|Fire test begins
FK|test|area|3604|Fire test ends
FL|fire|zone||Fire alarm silenced
FM|fire|zone|1110|Fire confirmed by second zone
FX|test|zone|1614|Fire zone tested
FY|trouble|zone|1381|Fire sensor missing
FZ|supervision|zone|1381|Fire supervision point missing
IA|trouble|zone|1330|Equipment failure
IR|trouble|zone|3330|Equipment failure restored
JA|burglary|area|1461|Too many wrong codes
JD|other|user|1625|Date changed
JH|other|user|1630|Holidays changed
JK|supervision|user|1654|User did not report in
JL|trouble|none|1623|Event log nearly full
JO|trouble|none|1624|Event log overflow
JP|open-close|user|1458|User on the premises
JR|other|area||Schedule run
JS|other|user|1630|Schedule changed
JT|other|user|1625|Time changed
JV|access|user||User code changed
JX|access|user||User code deleted
JY|access|user||User code added
LB|other|none|1627|Local programming begins
LD|other|none||Local programming denied
LE|other|none||Listening-in ended
LF|other|none|1606|Listening-in begins
LR|trouble|none|3351|Phone line back
LS|other|none||Local programming done
LT|trouble|none|1351|Phone line lost
LU|other|none||Local programming failed
LX|other|none|1628|Local programming ends
NA|supervision|zone|1641|No activity
NC|trouble|none|1350|Network condition
NF|open-close|area|3450|Perimeter closed with zones open
NL|open-close|area|3441|Perimeter closed
NM|open-close|area|3441|Part closed as user defined
NR|trouble|none|3350|Network back
NS|supervision|zone|3641|Activity again
NT|trouble|none|1350|Network lost
OA|open-close|area|1403|Opened automatically
OC|open-close|user|1406|Alarm cancelled
OG|open-close|area|1402|Area opened
OH|open-close|user|1451|Opened early after alarm
OI|open-close|area|1453|Failed to open
OJ|open-close|user|1452|Opened late
OK|open-close|user|1451|Opened early
OL|open-close|user|1452|Opened late after alarm
OP|open-close|user|1401|Opened
OQ|open-close|user|1407|Opened remotely
OR|open-close|user|1406|Opened after alarm
OS|open-close|zone|1409|Opened by key switch
OT|open-close|user|1454|Not closed on time
OU|trouble|zone|1320|Output trouble
OV|trouble|zone|3320|Output trouble restored
OZ|open-close|zone||Zone opened
RB|other|none|1627|Remote programming begins
RC|other|zone||Relay closed
RD|other|none|1413|Remote programming denied
RN|other|none|1305|Remote reset
RO|other|zone||Relay opened
RP|test|none|1602|Automatic test
RR|trouble|none|1305|Power up
RS|other|none|1628|Remote programming done
RT|trouble|none|1354|Data lost
RU|other|none||Remote programming failed
RX|test|user|1601|Manual test
RY|test|zone|1608|Test with trouble present
TA|burglary|zone|1137|Tamper alarm
TB|bypass|zone|1570|Tamper bypassed
TE|test|none|3607|Test ends
TH|burglary|zone|3137|Tamper alarm restored
TJ|trouble|zone|3383|Tamper trouble restored
TP|test|zone|1611|Zone walk-tested
TR|burglary|zone|3137|Tamper restored
TS|test|none|1607|Test begins
TT|trouble|zone|1383|Tamper trouble
TU|bypass|zone|3570|Tamper bypass removed
TX|test|none|1603|Test report
UX|other|none|1140|Undefined alarm
UY|trouble|zone|1381|Zone missing
UZ|supervision|zone|1381|Zone missing while armed
VO|trouble|none|1335|Printer out of paper
VR|trouble|none|3336|Printer trouble restored
VT|trouble|none|1336|Printer trouble
XA|other|none||Extra account report
XH|trouble|zone|3344|Radio interference over
XJ|other|none||Form received
XQ|trouble|zone|1344|Radio interference
XR|trouble|zone|3384|Sensor battery restored
XT|trouble|zone|1384|Sensor battery low
XW|other|zone||Forced point
YA|trouble|none|1321|Bell trouble
YC|trouble|none|1354|Failed to communicate
YF|trouble|none|1303|Parameter checksum bad
YG|other|none|1306|Parameters changed
YH|trouble|none|3321|Bell trouble restored
YI|trouble|none|1312|Overcurrent
YJ|trouble|none|3312|Overcurrent over
YK|trouble|none|3354|Communication back
YM|trouble|none|1311|System battery missing
YP|trouble|none|1314|Power supply trouble
YQ|trouble|none|3314|Power supply restored
YR|trouble|none|3302|System battery restored
YS|trouble|none|1350|Communication trouble
YT|trouble|none|1302|System battery low
YW|trouble|none|1305|Watchdog reset
YX|trouble|none|1393|Service required
YY|other|none||Status report
YZ|other|none|3393|Service completed
`;

/** letter|category|Contact ID of the alarm|of its trouble|of its bypass|words. Their codes go by one scheme. */
const families = `
B|burglary|130|380|573|Burglary
F|fire|110|373|571|Fire
G|other|151|380|572|Gas
H|panic|122|376|572|Hold-up
K|fire|114|380|571|Heat
M|medical|100|380|572|Medical
P|panic|120|375|572|Panic
Q|medical|101|380|572|Emergency
S|fire|113|373|571|Sprinkler
U|other|140|380|570|Untyped
W|other|154|380|572|Water
Z|other|159|380|572|Freeze
`;

const rows = (table: string) => table.trim().split('\n');

function familyRows(line: string): string[] {
  const [letter = '', category = '', alarm = '', trouble = '', bypass = '', words = ''] = line.split('|');
  return [
    `${letter}A|${category}|zone|1${alarm}|${words} alarm`,
    `${letter}R|${category}|zone|3${alarm}|${words} restored`,
    `${letter}H|${category}|zone|3${alarm}|${words} alarm restored`,
    `${letter}T|trouble|zone|1${trouble}|${words} zone trouble`,
    `${letter}J|trouble|zone|3${trouble}|${words} zone trouble restored`,
    `${letter}B|bypass|zone|1${bypass}|${words} zone bypassed`,
    `${letter}U|bypass|zone|3${bypass}|${words} zone bypass removed`,
    `${letter}S|supervision|zone|${letter === 'F' || letter === 'S' ? '1200' : ''}|${words} supervision`,
  ];
}

/** `code|category|zone, user, area or none|Contact ID or empty|words`, each code once. */
export const siaRows: readonly string[] = [...rows(families).flatMap(familyRows), ...rows(single)];
