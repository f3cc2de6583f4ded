/** The event codes of Contact ID (SIA DC-05, appendix C) in words, and what their last field stands for. */

/** code|category|what the last field names|words; after a slash the words of the restore, where adding `restored` will not do. */
const table = `
100|medical|zone|Medical alarm
101|medical|zone|Personal emergency
102|medical|zone|Failed to report in
110|fire|zone|Fire alarm
111|fire|zone|Smoke
112|fire|zone|Combustion
113|fire|zone|Water flow
114|fire|zone|Heat
115|fire|zone|Pull station
116|fire|zone|Duct
117|fire|zone|Flame
118|fire|zone|Fire near alarm
120|panic|zone|Panic alarm
121|panic|user|Duress
122|panic|zone|Silent panic
123|panic|zone|Audible panic
124|panic|zone|Duress, access granted
125|panic|zone|Duress, egress granted
129|panic|zone|Hold-up confirmed
130|burglary|zone|Burglary alarm
131|burglary|zone|Perimeter alarm
132|burglary|zone|Interior alarm
133|burglary|zone|24-hour zone alarm
134|burglary|zone|Entry or exit alarm
135|burglary|zone|Day or night alarm
136|burglary|zone|Outdoor alarm
137|burglary|zone|Tamper alarm
138|burglary|zone|Burglary near alarm
139|burglary|zone|Burglary confirmed
140|other|zone|General alarm
141|trouble|zone|Polling loop open
142|trouble|zone|Polling loop short
143|trouble|zone|Module failure
144|burglary|zone|Sensor tampered with
145|burglary|zone|Module tampered with
146|burglary|zone|Silent burglary
147|supervision|zone|Sensor supervision failed
150|other|zone|24-hour non-burglary alarm
151|other|zone|Gas
152|other|zone|Refrigeration
153|other|zone|Loss of heat
154|other|zone|Water leak
155|trouble|zone|Foil break
156|trouble|zone|Day trouble
157|other|zone|Bottled gas low
158|other|zone|Temperature high
159|other|zone|Temperature low
161|other|zone|Loss of air flow
162|other|zone|Carbon monoxide
163|other|zone|Tank level
200|supervision|zone|Fire supervision
201|supervision|zone|Water pressure low
202|supervision|zone|CO2 low
203|supervision|zone|Gate valve
204|supervision|zone|Water level low
205|supervision|zone|Pump running
206|supervision|zone|Pump failed
300|trouble|zone|System trouble
301|trouble|zone|Mains power lost/Mains power back
302|trouble|zone|System battery low
303|trouble|zone|RAM checksum bad
304|trouble|zone|ROM checksum bad
305|trouble|zone|System reset
306|other|zone|Programming changed
307|trouble|zone|Self-test failed
308|trouble|zone|System shutdown
309|trouble|zone|Battery test failed
310|trouble|zone|Ground fault
311|trouble|zone|Battery missing or dead
312|trouble|zone|Power supply overcurrent
313|other|user|Engineer reset
314|trouble|zone|Power supply failed
320|trouble|zone|Sounder or relay trouble
321|trouble|zone|Bell 1 trouble
322|trouble|zone|Bell 2 trouble
323|trouble|zone|Alarm relay trouble
324|trouble|zone|Trouble relay trouble
330|trouble|zone|Peripheral trouble
331|trouble|zone|Polling loop open
332|trouble|zone|Polling loop short
333|trouble|zone|Module failure
334|trouble|zone|Repeater failure
335|trouble|zone|Printer out of paper
336|trouble|zone|Printer failure
337|trouble|zone|Module power lost
338|trouble|zone|Module battery low
339|trouble|zone|Module reset
341|burglary|zone|Module tampered with
342|trouble|zone|Module mains lost
343|trouble|zone|Module self-test failed
344|trouble|zone|Radio jamming
350|trouble|zone|Communication trouble
351|trouble|zone|Phone line 1 lost
352|trouble|zone|Phone line 2 lost
353|trouble|zone|Radio transmitter fault
354|trouble|zone|Failed to communicate
355|supervision|zone|Loss of radio supervision
356|supervision|zone|Loss of central polling
370|trouble|zone|Protection loop trouble
371|trouble|zone|Protection loop open
372|trouble|zone|Protection loop short
373|trouble|zone|Fire zone trouble
374|burglary|zone|Exit zone open after exit delay
375|trouble|zone|Panic zone trouble
376|trouble|zone|Hold-up zone trouble
377|trouble|zone|Zone tripped too often
378|trouble|zone|Second zone did not confirm
380|trouble|zone|Sensor trouble
381|supervision|zone|Radio sensor missing
382|supervision|zone|Wired sensor missing
383|burglary|zone|Sensor tampered with
384|trouble|zone|Sensor battery low
385|trouble|zone|Smoke detector too sensitive
386|trouble|zone|Smoke detector not sensitive enough
387|trouble|zone|Detector too sensitive
388|trouble|zone|Detector not sensitive enough
389|trouble|zone|Sensor self-test failed
391|supervision|zone|Sensor watch trouble
392|trouble|zone|Drift compensation error
393|trouble|zone|Maintenance due
400|open-close|user|Opened/Closed
401|open-close|user|Opened/Closed
402|open-close|user|Group opened/Group closed
403|open-close|user|Opened automatically/Closed automatically
404|open-close|user|Late to open/Late to close
405|open-close|user|Opening deferred/Closing deferred
406|open-close|user|Alarm cancelled
407|open-close|user|Opened remotely/Closed remotely
408|open-close|user|Quick opening/Quick closing
409|open-close|user|Opened by key switch/Closed by key switch
411|other|user|Call-back requested
412|other|user|Download done
413|other|user|Access to programming denied
414|other|user|System shutdown commanded
415|other|user|Dialler shutdown commanded
416|other|zone|Upload done
421|access|user|Access denied
422|access|user|Access granted
423|access|zone|Door forced
424|access|user|Egress denied
425|access|user|Egress granted
426|access|zone|Door left open
427|trouble|zone|Door contact trouble
428|trouble|zone|Request-to-exit trouble
429|access|user|Access programming begins
430|access|user|Access programming ends
441|open-close|user|Opened from stay/Closed to stay
442|open-close|user|Opened by key switch from stay/Closed by key switch to stay
450|open-close|user|Exceptional opening/Exceptional closing
451|open-close|user|Opened early/Closed early
452|open-close|user|Opened late/Closed late
453|open-close|user|Failed to open
454|open-close|user|Failed to close
455|open-close|user|Failed to close automatically
456|open-close|user|Partly opened/Partly closed
457|open-close|user|Exit error
458|open-close|user|User on the premises
459|open-close|user|Alarm just after closing
461|burglary|zone|Wrong code entered
462|access|user|Valid code entered
463|open-close|user|Closed again after alarm
464|open-close|user|Automatic closing put off
465|panic|zone|Panic alarm reset
466|other|user|Service on premises/Service off premises
501|bypass|zone|Access reader disabled/Access reader enabled
520|bypass|zone|Sounder or relay disabled/Sounder or relay enabled
521|bypass|zone|Bell 1 disabled/Bell 1 enabled
522|bypass|zone|Bell 2 disabled/Bell 2 enabled
551|bypass|zone|Dialler disabled/Dialler enabled
552|bypass|zone|Radio disabled/Radio enabled
553|bypass|zone|Remote programming disabled/Remote programming enabled
570|bypass|zone|Zone bypassed/Zone bypass removed
571|bypass|zone|Fire zone bypassed/Fire zone bypass removed
572|bypass|zone|24-hour zone bypassed/24-hour zone bypass removed
573|bypass|zone|Burglary zone bypassed/Burglary zone bypass removed
574|bypass|user|Group bypassed/Group bypass removed
575|bypass|zone|Zone bypassed, tripped too often/Zone bypass removed
576|bypass|zone|Access zone shunted/Access zone shunt removed
577|bypass|zone|Access point bypassed/Access point bypass removed
601|test|zone|Manual test
602|test|zone|Periodic test
603|test|zone|Periodic radio test
604|test|user|Fire test begins/Fire test ends
605|test|zone|Status report follows
606|other|zone|Listening-in follows
607|test|user|Walk test begins/Walk test ends
608|test|zone|Periodic test with trouble present
609|other|user|Video transmitter active
611|test|zone|Zone tested, good
612|test|zone|Zone not tested
613|test|zone|Burglary zone walk-tested
614|test|zone|Fire zone walk-tested
615|test|zone|Panic zone walk-tested
616|other|zone|Service requested
621|trouble|zone|Event log reset
622|trouble|zone|Event log half full
623|trouble|zone|Event log nearly full
624|trouble|zone|Event log overflow
625|other|user|Time or date changed
626|trouble|zone|Time or date wrong
627|other|zone|Programming begins
628|other|zone|Programming ends
629|other|zone|32-hour event log mark
630|other|zone|Schedule changed
631|other|zone|Exception schedule changed
632|access|zone|Access schedule changed
641|supervision|zone|No activity/Activity again
642|access|user|Latch-key supervision
654|supervision|zone|System inactive
`;

/** `code|category|zone or user|words[/words of the restore]`, each code once. */
export const contactIdRows: readonly string[] = table.trim().split('\n');

/** code|SIA code when new|when restored: where the SIA table has none for it, or several. */
const siaTable = `
111|FA|FR
112|FA|FR
115|FA|FR
116|FA|FR
117|FA|FR
118|FA|FR
121|HA|HR
123|PA|PR
124|HA|HR
125|HA|HR
129|HA|HR
131|BA|BR
132|BA|BR
133|BA|BR
134|BA|BR
135|BA|BR
136|BA|BR
137|TA|TR
138|BA|BR
139|BV|BR
144|TA|TR
146|BA|BR
147|BZ|BR
150|UA|UR
158|KA|KR
162|GA|GR
305|RR|RR
341|ES|EJ
350|YS|YK
354|YC|YK
380|UT|UJ
381|UY|UJ
393|YX|YZ
400|OP|CL
403|OA|CP
406|BC|BC
451|OK|CK
452|OJ|CJ
453|OI|OI
454|CI|CI
456|OG|CG
572|UB|UU
601|RX|RX
602|RP|RP
611|TP|TP
625|JT|JT
630|JS|JS
`;

export const siaOfContactIdRows: readonly string[] = siaTable.trim().split('\n');
