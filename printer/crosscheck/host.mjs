// host.mjs ADDRESS [SECONDS]: has receiptio print a Chinese ticket on the printer
// at ADDRESS, port 9100, and prints what it says about it, as JSON.
import receiptio from 'receiptio'

const ticket = `^^中山市行政服务中心

您的号
^^^^"A1-023"
---
去 C 区 21-26 号窗口
前面 5 人

{code:01a2061f-3593-767b-82e3-336d26cacaea; option:qrcode,6,m}
2026-11-23 10:05:32 K1`

const [address, seconds = 20] = process.argv.slice(2)
console.log(JSON.stringify(await receiptio.print(ticket, `-d ${address} -l zh-hans -t ${seconds}`)))
