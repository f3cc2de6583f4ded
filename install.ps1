<#
.SYNOPSIS
Installs Holdfast as a Windows service, upgrades it, or removes it. What is recorded and configured always stays.
.DESCRIPTION
Run it from a clone or a release in an elevated PowerShell 5.1 or 7; it needs no desktop. Run it as often as you like.

A Windows service must answer the service control manager, which Node does not. So a small host is compiled on this
machine with the C# compiler that is part of Windows (.NET Framework 4); it starts the agent, writes what the agent
prints to service.log in the data folder, ends the agent when the service stops, and ends with it when it dies, upon
which the recovery settings of the service start both again.
.PARAMETER Prefix
Folder of the program.
.PARAMETER Data
Folder of settings, index and journal.
.PARAMETER Listen
Address and port of the network API.
.PARAMETER Uninstall
Removes service, firewall rule and program. Data folder, spaces and settings stay.
.PARAMETER DryRun
Says what would be done and does nothing; needs no elevation.
.EXAMPLE
.\install.ps1 -DryRun
.EXAMPLE
.\install.ps1 -Listen 0.0.0.0:6060
#>
[CmdletBinding()]
param(
  [string]$Prefix = (Join-Path $env:ProgramFiles 'Holdfast'),
  [string]$Data = (Join-Path $env:ProgramData 'Holdfast'),
  [string]$Listen = '0.0.0.0:6060',
  [switch]$Uninstall,
  [switch]$DryRun
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$serviceName = 'Holdfast'
$ruleName = 'Holdfast API'
$account = 'NT AUTHORITY\LocalService'
$here = Split-Path -Parent $MyInvocation.MyCommand.Path

function Stop-WithHint([string]$Message, [string]$Hint) {
  [Console]::Error.WriteLine("error: $Message")
  [Console]::Error.WriteLine("hint: $Hint")
  exit 1
}

# Does the work, or only says it.
function Invoke-Step([string]$What, [scriptblock]$Work) {
  if ($DryRun) {
    Write-Output "would: $What"
  } else {
    Write-Output $What
    & $Work
  }
}

# Runs a program and stops when it fails: PowerShell itself would go on.
function Invoke-Program([string]$Path, [string[]]$Arguments) {
  & $Path @Arguments
  if ($LASTEXITCODE -ne 0) { Stop-WithHint "$Path ended with code $LASTEXITCODE" 'its own message is above' }
}

function Test-Elevated {
  $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
  $principal = New-Object Security.Principal.WindowsPrincipal $identity
  return $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

# Without a backslash at the end: before a closing quote it would stand for the quote itself.
function Get-FolderPath([string]$Name, [string]$Path) {
  if ($Path -match '["%]') { Stop-WithHint 'quotes and percent signs are not possible in paths' 'choose others' }
  if ($Path -notmatch '^[A-Za-z]:[\\/]') { Stop-WithHint "$Name is not an absolute path: $Path" 'begin it with a drive' }
  $full = [IO.Path]::GetFullPath($Path).TrimEnd('\')
  if ($full -match '^[A-Za-z]:$') { Stop-WithHint "$Name is a whole drive: $Path" 'choose a folder on it' }
  return $full
}

function Assert-Sensible {
  if ("$Data\".StartsWith("$Prefix\", [StringComparison]::OrdinalIgnoreCase)) {
    Stop-WithHint "the data folder must not lie in $Prefix, which every upgrade replaces" 'choose another -Data'
  }
  if ($Listen -notmatch '^[\[\]A-Za-z0-9.:-]+:\d{1,5}$') { Stop-WithHint "not an address: $Listen" 'write it like 0.0.0.0:6060' }
  if ((Test-Path -LiteralPath $Prefix) -and -not (Test-Path -LiteralPath (Join-Path $Prefix 'bin\holdfast.cmd'))) {
    Stop-WithHint "$Prefix exists and holds no Holdfast" 'choose another -Prefix'
  }
}

$hostSource = @'
using System;
using System.Diagnostics;
using System.IO;
using System.ServiceProcess;

public class HoldfastService : ServiceBase
{
    private readonly string node, entry, data, listen;
    private readonly object writing = new object();
    private Process agent;
    private volatile bool stopping;

    public HoldfastService(string[] args)
    {
        ServiceName = "Holdfast";
        CanShutdown = true;
        node = args[0]; entry = args[1]; data = args[2]; listen = args[3];
    }

    public static void Main(string[] args) { Run(new HoldfastService(args)); }

    private void Write(string line)
    {
        if (line == null) return;
        lock (writing) { File.AppendAllText(Path.Combine(data, "service.log"), line + Environment.NewLine); }
    }

    protected override void OnStart(string[] args)
    {
        ProcessStartInfo start = new ProcessStartInfo(node,
            "--disable-warning=ExperimentalWarning \"" + entry + "\" --data \"" + data + "\" --listen " + listen);
        start.UseShellExecute = false;
        start.CreateNoWindow = true;
        start.WorkingDirectory = data;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        agent = new Process();
        agent.StartInfo = start;
        agent.EnableRaisingEvents = true;
        agent.OutputDataReceived += delegate(object sender, DataReceivedEventArgs line) { Write(line.Data); };
        agent.ErrorDataReceived += delegate(object sender, DataReceivedEventArgs line) { Write(line.Data); };
        agent.Exited += delegate { if (!stopping) Environment.Exit(1); };
        agent.Start();
        agent.BeginOutputReadLine();
        agent.BeginErrorReadLine();
    }

    protected override void OnStop()
    {
        stopping = true;
        if (agent == null || agent.HasExited) return;
        agent.Kill();
        agent.WaitForExit(20000);
    }

    protected override void OnShutdown() { OnStop(); }
}
'@

function Build-ServiceHost([string]$Folder) {
  $compiler = Join-Path $env:WINDIR 'Microsoft.NET\Framework64\v4.0.30319\csc.exe'
  if (-not (Test-Path -LiteralPath $compiler)) { Stop-WithHint "$compiler is missing" 'enable .NET Framework 4 in the Windows features' }
  $source = Join-Path $Folder 'holdfast-service.cs'
  Set-Content -LiteralPath $source -Value $hostSource -Encoding UTF8
  Invoke-Program $compiler @('/nologo', '/target:exe', '/reference:System.ServiceProcess.dll',
    "/out:$(Join-Path $Folder 'holdfast-service.exe')", $source)
  Remove-Item -LiteralPath $source
}

function Copy-Program {
  $stage = "$Prefix.new"
  Invoke-Step "install and build what is missing in $here" { Invoke-Program 'node' @((Join-Path $here 'scripts\setup.mjs')) }
  Invoke-Step "copy the program to $stage" {
    if (Test-Path -LiteralPath $stage) { Remove-Item -Recurse -Force -LiteralPath $stage }
    New-Item -ItemType Directory -Path (Join-Path $stage 'fixtures') | Out-Null
    foreach ($part in 'bin', 'dist', 'node_modules', 'package.json', 'package-lock.json', 'README.md', 'LICENSE') {
      Copy-Item -Recurse -LiteralPath (Join-Path $here $part) -Destination $stage
    }
    Copy-Item -Recurse -LiteralPath (Join-Path $here 'fixtures\media') -Destination (Join-Path $stage 'fixtures')
    Build-ServiceHost $stage
  }
  Invoke-Step "put it in place of $Prefix" {
    if (Test-Path -LiteralPath $Prefix) { Remove-Item -Recurse -Force -LiteralPath $Prefix }
    Move-Item -LiteralPath $stage -Destination $Prefix
  }
}

# Settings and keys are for the service and administrators only.
function Protect-Data {
  Invoke-Step "create $Data, readable by the service and administrators only" {
    New-Item -ItemType Directory -Force -Path $Data | Out-Null
    # Whoever made the folder before, or was let in by name, is out.
    Invoke-Program 'icacls.exe' @($Data, '/setowner', '*S-1-5-32-544', '/Q')
    Invoke-Program 'icacls.exe' @($Data, '/reset', '/Q')
    Invoke-Program 'icacls.exe' @($Data, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F',
      '*S-1-5-19:(OI)(CI)M', '/Q')
  }
}

function Stop-OldService {
  $service = Get-Service -Name $serviceName -ErrorAction SilentlyContinue
  if ($null -ne $service) {
    Invoke-Step "stop service $serviceName" { Stop-Service -Name $serviceName -Force }
  }
  Stop-Leftovers
}

# The recorder outlives its agent, and Windows removes no program that runs.
function Stop-Leftovers {
  $node = Join-Path $Prefix 'node_modules\node\bin\node.exe'
  if (-not (Test-Path -LiteralPath $node)) { return }
  Invoke-Step "end what still runs of $Prefix, a recorder or a console" {
    $left = @(Get-CimInstance -ClassName Win32_Process -Filter "Name = 'node.exe'" | Where-Object { $_.ExecutablePath -eq $node })
    foreach ($process in $left) {
      Stop-Process -Id $process.ProcessId -Force -ErrorAction SilentlyContinue
      Wait-Process -Id $process.ProcessId -Timeout 10 -ErrorAction SilentlyContinue
    }
  }
}

function Register-HoldfastService {
  $service = Get-Service -Name $serviceName -ErrorAction SilentlyContinue
  $exe = Join-Path $Prefix 'holdfast-service.exe'
  $node = Join-Path $Prefix 'node_modules\node\bin\node.exe'
  $entry = Join-Path $Prefix 'dist\agent\main.js'
  $command = "`"$exe`" `"$node`" `"$entry`" `"$Data`" $Listen"
  if ($null -eq $service) {
    Invoke-Step "create service ${serviceName}: $command" {
      New-Service -Name $serviceName -BinaryPathName $command -DisplayName 'Holdfast agent' -StartupType Automatic `
        -Description 'Video storage and high availability' | Out-Null
    }
  } else {
    Invoke-Step "update service ${serviceName}: $command" {
      Set-ItemProperty -Path "HKLM:\SYSTEM\CurrentControlSet\Services\$serviceName" -Name ImagePath -Value $command
    }
  }
  # Always: after a run that broke off before this, the service would be the system itself. Not by sc.exe, whose empty
  # password Windows PowerShell 5.1 leaves out.
  Invoke-Step "let it run as $account" {
    $found = Get-CimInstance -ClassName Win32_Service -Filter "Name = '$serviceName'"
    $change = @{ StartName = $account; StartPassword = '' }
    $result = Invoke-CimMethod -InputObject $found -MethodName Change -Arguments $change
    if ($result.ReturnValue -ne 0) {
      Stop-WithHint "the service cannot run as $account (code $($result.ReturnValue))" 'see the log of the service control manager'
    }
  }
  Invoke-Step 'restart it after 250 ms whenever it dies' {
    Invoke-Program 'sc.exe' @('failure', $serviceName, 'reset=', '60', 'actions=', 'restart/250/restart/250/restart/1000')
    Invoke-Program 'sc.exe' @('failureflag', $serviceName, '1')
  }
  Invoke-Step "start service $serviceName" { Start-Service -Name $serviceName }
}

function Open-Firewall {
  $port = $Listen.Substring($Listen.LastIndexOf(':') + 1)
  Invoke-Step "firewall: allow TCP $port in the domain and private profiles" {
    Get-NetFirewallRule -DisplayName $ruleName -ErrorAction SilentlyContinue | Remove-NetFirewallRule
    New-NetFirewallRule -DisplayName $ruleName -Direction Inbound -Protocol TCP -LocalPort $port -Action Allow `
      -Profile Domain, Private | Out-Null
  }
}

function Remove-Holdfast {
  Stop-OldService
  Invoke-Step "delete service $serviceName" {
    if (Get-Service -Name $serviceName -ErrorAction SilentlyContinue) { Invoke-Program 'sc.exe' @('delete', $serviceName) }
  }
  Invoke-Step 'delete the firewall rule' {
    Get-NetFirewallRule -DisplayName $ruleName -ErrorAction SilentlyContinue | Remove-NetFirewallRule
  }
  Invoke-Step "remove $Prefix" { if (Test-Path -LiteralPath $Prefix) { Remove-Item -Recurse -Force -LiteralPath $Prefix } }
  Write-Output "removed. Kept: $Data (settings, index, journal) and every storage space."
}

function Install-Holdfast {
  Stop-OldService
  Copy-Program
  Protect-Data
  Register-HoldfastService
  Open-Firewall
  Write-Output ''
  Write-Output "a storage space must be writable for LocalService: icacls D:\video /grant '*S-1-5-19:(OI)(CI)M'"
  Write-Output 'devices that report alarms here (holdfast alarm settings --enable) need TCP and UDP 6080 in the firewall, too'
  Write-Output "next: $Data\service.log shows the one-time password of admin and the fingerprint, once;"
  Write-Output "      $Prefix\bin\holdfast.cmd tui --data `"$Data`" is the console on this machine"
}

$Prefix = Get-FolderPath '-Prefix' $Prefix
$Data = Get-FolderPath '-Data' $Data
Assert-Sensible
if (-not $DryRun -and -not (Test-Elevated)) {
  Stop-WithHint 'installing needs an elevated PowerShell' 'run PowerShell as administrator, or -DryRun to see what would be done'
}
if ($Uninstall) { Remove-Holdfast } else { Install-Holdfast }
