@echo off
rem Finds a Node that is new enough and starts what was built.
setlocal enableextensions
set "root=%~dp0.."
set "entry=%root%\dist\src\cli\main.js"
set "node="
for %%N in ("%HOLDFAST_NODE%" "%root%\node_modules\node\bin\node.exe" "node.exe") do (
  if not defined node call :try "%%~N"
)
if not defined node (
  echo error: Holdfast needs Node 24 or newer and found none 1>&2
  echo hint: run "npm run setup" in %root%, which brings one along, or put Node 24 on the PATH 1>&2
  exit /b 13
)
if not exist "%entry%" (
  echo error: Holdfast is not built in %root% 1>&2
  echo hint: run "npm run build" there 1>&2
  exit /b 13
)
"%node%" --disable-warning=ExperimentalWarning "%entry%" %*
exit /b %errorlevel%

:try
if "%~1"=="" exit /b 0
for /f "tokens=1 delims=." %%V in ('"%~1" --version 2^>nul') do call :judge "%~1" "%%V"
exit /b 0

:judge
set "major=%~2"
set "major=%major:v=%"
if %major% geq 24 set "node=%~1"
exit /b 0
