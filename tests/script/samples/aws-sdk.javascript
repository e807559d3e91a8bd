import { S3Client, PutObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import postgres from 'postgres'
const s3 = new S3Client({ region: process.env.AWS_S3_REGION })
await s3.send(new PutObjectCommand({ Bucket: process.env.AWS_S3_BUCKET, Key: process.env.S3_KEY, Body: body }))
console.log('object is stored')
try {
  await s3.send(new HeadObjectCommand({ Bucket: process.env.AWS_S3_BUCKET, Key: process.env.S3_KEY }))
} catch (err) {
  console.error('object is not there:', err.name)
}
const sql = postgres(process.env.DATABASE_URL)
await sql`update backup_history set status = ${'success'} where dispatch_id = ${process.env.DISPATCH_ID}`
console.log('row is written')
