-- Settlements between provinces as CSV: DM 8 (disql). docs/database.md says how it is run.
-- 跨省结算记录导出为 CSV：达梦 DM8（disql）。用法见 docs/database.zh-CN.md。
-- One column holds the whole line: disql would pad columns with blanks, and cuts one at LONG bytes.
-- 整行拼成一列：disql 会用空格补齐各列，并在 LONG 字节处截断一列。
WHENEVER SQLERROR EXIT 1
SET ECHO OFF
SET FEEDBACK OFF
SET TIMING OFF
SET LINESHOW OFF
SET HEADING OFF
SET PAGESIZE 0
SET NEWPAGE NONE
SET TRIMS ON
SET LONG 4000
SET LINESIZE 4000
SPOOL @FILE@
SELECT 'setl_id,mdtrt_id,init_setl_id,psn_no,insuplc_admdvs,mdtrtarea_admvs,fixmedins_code,insutype,med_type,dise_codg,'
       || 'begndate,enddate,setl_time,refd_setl_flag,fulamt_advpay_flag,medfee_sumamt,hifp_pay,cvlserv_pay,'
       || 'hifes_pay,hifmi_pay,hifob_pay,hifdm_pay,maf_pay,oth_pay,fund_pay_sumamt,acct_pay,psn_cash_pay,'
       || 'hosp_part_amt,acct_mulaid_pay,fulamt_ownpay_amt,overlmt_selfpay,preselfpay_amt,inscp_scp_amt' FROM dual;
SELECT NVL(setl_id, '') || ',' ||
       NVL(mdtrt_id, '') || ',' ||
       NVL(init_setl_id, '') || ',' ||
       NVL(psn_no, '') || ',' ||
       NVL(insu_admdvs, '') || ',' ||
       NVL(mdtrtarea_admvs, '') || ',' ||
       NVL(fixmedins_code, '') || ',' ||
       NVL(insutype, '') || ',' ||
       NVL(med_type, '') || ',' ||
       NVL(dise_no, '') || ',' ||
       NVL(TO_CHAR(begndate, 'YYYY-MM-DD'), '') || ',' ||
       NVL(TO_CHAR(enddate, 'YYYY-MM-DD'), '') || ',' ||
       NVL(TO_CHAR(setl_time, 'YYYY-MM-DD HH24:MI:SS'), '') || ',' ||
       NVL(refd_setl_flag, '') || ',' ||
       NVL(fulamt_advpay_flag, '') || ',' ||
       NVL(CAST(medfee_sumamt AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(hifp_pay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(cvlserv_pay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(hifes_pay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(hifmi_pay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(hifob_pay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(hifdm_pay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(maf_pay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(othfund_pay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(fund_pay_sumamt AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(acct_pay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(cash_payamt AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(ownpay_hosp_part AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(acct_mulaid_pay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(fulamt_ownpay_amt AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(overlmt_selfpay AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(preselfpay_amt AS VARCHAR(40)), '') || ',' ||
       NVL(CAST(inscp_amt AS VARCHAR(40)), '')
FROM setl_d
WHERE vali_flag = '1'
  AND setl_time >= DATE '@FROM@' AND setl_time < DATE '@TO@'
  AND (insu_admdvs IS NULL OR mdtrtarea_admvs IS NULL
       OR CASE WHEN insu_admdvs LIKE '6590%' THEN '66' ELSE SUBSTR(insu_admdvs, 1, 2) END
       <> CASE WHEN mdtrtarea_admvs LIKE '6590%' THEN '66' ELSE SUBSTR(mdtrtarea_admvs, 1, 2) END)
ORDER BY setl_d.setl_time, setl_d.setl_id;
SPOOL OFF
EXIT
