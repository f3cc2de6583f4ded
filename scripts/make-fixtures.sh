#!/bin/sh
# Makes the clips of fixtures/media that the test camera plays and the tests read: ten seconds, 25 frames a second, a key frame a second.
set -eu
cd "$(dirname "$0")/../fixtures/media"

picture='-f lavfi -i testsrc2=size=640x360:rate=25'
sound='-f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=16000'
exact='-flags +bitexact -fflags +bitexact -map_metadata -1 -t 10'
quiet='-hide_banner -loglevel error -y'
aac='-c:a aac -ac 1 -ar 16000 -b:a 24k'

# shellcheck disable=SC2086
{
  ffmpeg $quiet $picture $sound $exact -c:v libx264 -preset veryslow -profile:v main -bf 0 -g 25 -keyint_min 25 -sc_threshold 0 \
    -b:v 250k -maxrate 300k -bufsize 300k -x264-params threads=1 -pix_fmt yuv420p $aac -movflags +faststart h264.mp4
  ffmpeg $quiet $picture $sound $exact -c:v libx264 -preset veryslow -profile:v high -bf 3 -g 25 -keyint_min 25 -sc_threshold 0 \
    -b:v 230k -maxrate 280k -bufsize 280k -x264-params threads=1:b-adapt=0:b-pyramid=normal:open-gop=0 -pix_fmt yuv420p $aac \
    -movflags +faststart h264-b-frames.mp4
  ffmpeg $quiet $picture $exact -c:v libx265 -preset slow -b:v 230k -tag:v hvc1 -pix_fmt yuv420p -an \
    -x265-params log-level=error:pools=1:bframes=0:keyint=25:min-keyint=25:scenecut=0:open-gop=0:repeat-headers=0:vbv-maxrate=280:vbv-bufsize=280 \
    -movflags +faststart h265.mp4
  # A picture full of noise at 2 Mbit/s, as benchmarks want it: the load is in the slices, where a real camera has it.
  ffmpeg $quiet -f lavfi -i testsrc2=size=640x360:rate=25,noise=alls=30:allf=t $sound $exact -t 3 -c:v libx264 -preset medium \
    -profile:v main -bf 0 -g 25 -keyint_min 25 -sc_threshold 0 -b:v 1970k -maxrate 1970k -bufsize 1000k -x264-params threads=1 \
    -pix_fmt yuv420p $aac -movflags +faststart h264-busy.mp4
  ffmpeg $quiet -f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=8000 -t 10 -c:a pcm_alaw -ac 1 -f alaw h265.alaw
}
ls -l
