-- Settlements between provinces as CSV: Oracle (SQL*Plus 12.2 and later, SQLcl). docs/database.md says how it is run.
-- 跨省结算记录导出为 CSV：Oracle（SQL*Plus 12.2 及以上、SQLcl）。用法见 docs/database.zh-CN.md。
-- A column TIMESTAMP WITH TIME ZONE needs: setl_time AT TIME ZONE '+08:00'. The format of amounts rounds nothing that
-- has up to ten places, and has a point whatever NLS_NUMERIC_CHARACTERS says.
WHENEVER SQLERROR EXIT FAILURE
WHENEVER OSERROR EXIT FAILURE
SET ECHO OFF FEEDBACK OFF VERIFY OFF TERMOUT OFF HEADING OFF PAGESIZE 0 TRIMSPOOL ON ARRAYSIZE 5000
SET LINESIZE 32767
SET MARKUP CSV ON QUOTE OFF
SPOOL @FILE@
SELECT 'setl_id,mdtrt_id,init_setl_id,psn_no,insuplc_admdvs,mdtrtarea_admvs,fixmedins_code,insutype,med_type,dise_codg,'
       || 'begndate,enddate,setl_time,refd_setl_flag,fulamt_advpay_flag,medfee_sumamt,hifp_pay,cvlserv_pay,'
       || 'hifes_pay,hifmi_pay,hifob_pay,hifdm_pay,maf_pay,oth_pay,fund_pay_sumamt,acct_pay,psn_cash_pay,'
       || 'hosp_part_amt,acct_mulaid_pay,fulamt_ownpay_amt,overlmt_selfpay,preselfpay_amt,inscp_scp_amt' FROM dual;
SELECT setl_id,
       mdtrt_id,
       init_setl_id,
       psn_no,
       insu_admdvs,
       mdtrtarea_admvs,
       fixmedins_code,
       insutype,
       med_type,
       dise_no,
       TO_CHAR(begndate, 'YYYY-MM-DD'),
       TO_CHAR(enddate, 'YYYY-MM-DD'),
       TO_CHAR(setl_time, 'YYYY-MM-DD HH24:MI:SS'),
       refd_setl_flag,
       fulamt_advpay_flag,
       TO_CHAR(medfee_sumamt, 'FM99999999999990.0099999999'),
       TO_CHAR(hifp_pay, 'FM99999999999990.0099999999'),
       TO_CHAR(cvlserv_pay, 'FM99999999999990.0099999999'),
       TO_CHAR(hifes_pay, 'FM99999999999990.0099999999'),
       TO_CHAR(hifmi_pay, 'FM99999999999990.0099999999'),
       TO_CHAR(hifob_pay, 'FM99999999999990.0099999999'),
       TO_CHAR(hifdm_pay, 'FM99999999999990.0099999999'),
       TO_CHAR(maf_pay, 'FM99999999999990.0099999999'),
       TO_CHAR(othfund_pay, 'FM99999999999990.0099999999'),
       TO_CHAR(fund_pay_sumamt, 'FM99999999999990.0099999999'),
       TO_CHAR(acct_pay, 'FM99999999999990.0099999999'),
       TO_CHAR(cash_payamt, 'FM99999999999990.0099999999'),
       TO_CHAR(ownpay_hosp_part, 'FM99999999999990.0099999999'),
       TO_CHAR(acct_mulaid_pay, 'FM99999999999990.0099999999'),
       TO_CHAR(fulamt_ownpay_amt, 'FM99999999999990.0099999999'),
       TO_CHAR(overlmt_selfpay, 'FM99999999999990.0099999999'),
       TO_CHAR(preselfpay_amt, 'FM99999999999990.0099999999'),
       TO_CHAR(inscp_amt, 'FM99999999999990.0099999999')
FROM setl_d
WHERE vali_flag = '1'
  AND setl_time >= DATE '@FROM@' AND setl_time < DATE '@TO@'
  AND (insu_admdvs IS NULL OR mdtrtarea_admvs IS NULL
       OR CASE WHEN insu_admdvs LIKE '6590%' THEN '66' ELSE SUBSTR(insu_admdvs, 1, 2) END
       <> CASE WHEN mdtrtarea_admvs LIKE '6590%' THEN '66' ELSE SUBSTR(mdtrtarea_admvs, 1, 2) END)
ORDER BY setl_d.setl_time, setl_d.setl_id;
SPOOL OFF
EXIT
